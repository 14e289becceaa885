//! Ctrl-C.

use crate::sites::{Raw, Site};
use crate::{Folder, command, ended, fetch, text};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

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
    let number = child.id().expect("it runs").to_string();
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -INT {number}")])
        .status();
    assert!(sent.await.unwrap().success());
    let run = ended(child.wait_with_output().await.unwrap());
    assert_eq!(run.code, Some(130), "{run:?}");

    let run = fetch(["--mode", "offline", "--store", text(&store), &url])
        .await
        .succeeded();
    assert!(run.line().starts_with("200 hit "), "{run:?}");
}
