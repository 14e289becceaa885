//! Ctrl-C.

use crate::sites::{Raw, Site, page};
use crate::{Folder, command, ended, fetch, text};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

async fn interrupt(child: &Child) {
    let number = child.id().expect("it runs").to_string();
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -INT {number}")])
        .status();
    assert!(sent.await.unwrap().success());
}

#[tokio::test]
async fn who_is_interrupted_keeps_what_there_is_by_then() {
    let (site, silent, folder) = (Site::fresh().await, Raw::serve("").await, Folder::new());
    let (url, store) = (site.url("/news"), folder.path("store"));
    let mut child = command(["--store", text(&store), &url, silent.url()])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("200") {
            break; // and now it waits for the other
        }
    }
    interrupt(&child).await;
    let run = ended(child.wait_with_output().await.unwrap());
    assert_eq!(run.code, Some(130), "{run:?}");

    let run = fetch(["--mode", "offline", "--store", text(&store), &url])
        .await
        .succeeded();
    assert!(run.line().starts_with("200 hit "), "{run:?}");
}

/// A pager that shows the first screen, for one.
#[tokio::test]
async fn who_is_interrupted_does_not_wait_for_somebody_to_read_on() {
    let content = vec![b'a'; 1024 * 1024];
    let site = Site::serve(move |_| page("max-age=60", content.clone())).await;
    let (url, folder) = (site.url("/long"), Folder::new());
    let (news, store) = (site.url("/news"), folder.path("store"));
    fetch(["--store", text(&store), &news]).await.succeeded();

    let mut child = command(["--store", text(&store), "--output", "-", &url])
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut [0]).await.unwrap(); // and nobody reads on
    interrupt(&child).await;
    let run = ended(child.wait_with_output().await.unwrap());
    assert_eq!(run.code, Some(130), "{run:?}");
    assert!(run.errors.contains("kept: 1, "), "{run:?}");
    drop(output);
}
