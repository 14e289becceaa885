//! Who does not read what it says.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};

use crate::failures::nobody;
use crate::sites::Site;
use crate::{Folder, command, ended, fetch, text};

/// `fetch … | head`
#[tokio::test]
async fn it_ends_without_a_word_where_nobody_reads_on_and_keeps_what_it_has_got() {
    let (site, folder) = (Site::fresh().await, Folder::new());
    let (url, store) = (site.url("/news"), folder.path("store"));
    // More lines than a pipe takes.
    let arguments = ["--repeat", "10000", "--store", text(&store), &url];
    let mut child = command(arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("200") {
            break;
        }
    }
    drop(lines);
    let run = ended(child.wait_with_output().await.unwrap());
    assert_eq!((run.code, &*run.errors), (Some(141), ""));

    let run = fetch(["--mode", "offline", "--store", text(&store), &url]);
    assert!(run.await.succeeded().line().starts_with("200 hit "));
}

#[tokio::test]
async fn what_it_has_got_is_kept_where_nobody_reads_what_has_gone_wrong() {
    let (site, folder) = (Site::fresh().await, Folder::new());
    let (url, store) = (site.url("/news"), folder.path("store"));
    let wrong = nobody().await;
    let mut command = command(["--store", text(&store), &url, &wrong]);
    let (unread, reader) = UnixStream::pair().unwrap();
    drop(reader);
    command.stderr(Stdio::from(OwnedFd::from(unread)));
    let child = command.spawn().unwrap();
    let run = ended(child.wait_with_output().await.unwrap());
    assert_eq!(run.code, Some(1), "{run:?}");

    let run = fetch(["--mode", "offline", "--store", text(&store), &url]);
    assert!(run.await.succeeded().line().starts_with("200 hit "));
}
