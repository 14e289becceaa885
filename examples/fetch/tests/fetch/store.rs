//! What is kept between runs, and what becomes of it.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::Loopback;
use tokio::sync::{Notify, Semaphore};

use crate::sites::{Seen, Site, page};
use crate::{Folder, Run, command, ended, fetch, text};

/// Who is told to ask nobody, so that what it says is what is kept.
async fn offline(store: &Path, urls: &[&str]) -> Run {
    let arguments = ["--mode", "offline", "--store", text(store)];
    fetch(arguments.into_iter().chain(urls.iter().copied())).await
}

fn hits(run: &Run) -> usize {
    run.lines()
        .iter()
        .filter(|line| line.starts_with("200 hit "))
        .count()
}

/// Where this content begins.
fn place(octets: &[u8], content: &str) -> usize {
    let mut places = octets.windows(content.len());
    let place = places.position(|octets| octets == content.as_bytes());
    place.expect("it is written as it is")
}

#[tokio::test]
async fn what_one_run_has_got_is_a_hit_for_the_next() {
    let (site, folder) = (Site::fresh().await, Folder::new());
    let (url, store) = (site.url("/news"), folder.path("store"));
    let run = fetch(["--store", text(&store), &url]).await.succeeded();
    assert!(run.output.starts_with("put back: 0\n"), "{run:?}");
    assert!(run.output.contains("\nkept: 1, in "), "{run:?}");
    let run = fetch(["--store", text(&store), &url]).await.succeeded();
    assert!(run.output.starts_with("put back: 1\n"), "{run:?}");
    assert!(run.line().starts_with("200 hit "), "{run:?}");
    assert_eq!(site.calls(), 1);
    let names: Vec<_> = fs::read_dir(store.parent().unwrap()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing else is left there: {names:?}");
}

#[tokio::test]
async fn what_is_stale_by_then_is_validated() {
    let folder = Folder::new();
    let site = Site::serve(|seen| {
        let mut page = page("max-age=0", "news");
        if seen.field("if-none-match") == Some("\"1\"") {
            *page.status_mut() = http::StatusCode::NOT_MODIFIED;
            *page.body_mut() = Default::default();
        }
        page.headers_mut().insert("etag", "\"1\"".parse().unwrap());
        page
    });
    let site = site.await;
    let (url, store) = (site.url("/"), folder.path("store"));
    fetch(["--store", text(&store), &url]).await.succeeded();
    let run = fetch(["--store", text(&store), &url]).await.succeeded();
    assert_eq!(
        run.line(),
        format!("200 fwd=stale; fwd-status=304; stored 4 {url}")
    );
}

#[tokio::test]
async fn what_is_validated_in_the_background_is_kept_as_well() {
    let (calls, folder) = (Arc::new(AtomicUsize::new(0)), Folder::new());
    let site = Site::serve(move |_| {
        let edition = calls.fetch_add(1, Ordering::SeqCst);
        page(
            "max-age=0, stale-while-revalidate=600",
            format!("edition {edition}"),
        )
    });
    let site = site.await;
    let (url, store) = (site.url("/"), folder.path("store"));
    for edition in ["edition 0", "edition 0", "edition 1"] {
        let run = fetch(["--store", text(&store), "--output", "-", &url]).await;
        assert_eq!((run.code, &*run.output), (Some(0), edition), "{run:?}");
    }
    assert_eq!(site.calls(), 3);
}

#[tokio::test]
async fn what_has_to_do_with_credentials_is_not_kept() {
    let (site, folder) = (Site::fresh().await, Folder::new());
    let (url, store) = (site.url("/mine"), folder.path("store"));
    let field = "authorization: Bearer of-nobody-else";
    let run = fetch(["--store", text(&store), "-H", field, &url])
        .await
        .succeeded();
    assert!(
        run.output
            .contains("not kept: 1, since they have to do with credentials"),
        "{run:?}"
    );
    let octets = fs::read(&store).unwrap();
    for secret in ["of-nobody-else", "this is /mine"] {
        let is_there = octets
            .windows(secret.len())
            .any(|octets| octets == secret.as_bytes());
        assert!(!is_there, "{secret}");
    }
}

#[tokio::test]
async fn of_a_damaged_store_what_is_whole_is_used_and_the_rest_reported() {
    let (site, folder) = (Site::fresh().await, Folder::new());
    let (one, two, store) = (site.url("/one"), site.url("/two"), folder.path("store"));
    fetch(["--store", text(&store), &one, &two])
        .await
        .succeeded();
    let mut octets = fs::read(&store).unwrap();
    let changed = place(&octets, "this is /one");
    octets[changed] ^= 1;
    fs::write(&store, octets).unwrap();

    let run = fetch(["--store", text(&store), &one, &two]).await;
    let reported = format!(
        "fetch: {}: 1 of the responses in it are damaged, and left out\n",
        real(&store)
    );
    assert_eq!((run.code, &*run.errors), (Some(0), &*reported));
    assert!(run.lines()[0].starts_with("200 fwd=uri-miss;"), "{run:?}");
    assert!(run.lines()[1].starts_with("200 hit "), "{run:?}");

    let run = offline(&store, &[&one, &two]).await.succeeded();
    assert_eq!(hits(&run), 2, "it is whole again: {run:?}");
}

#[tokio::test]
async fn of_a_store_that_is_cut_off_what_is_left_is_used() {
    let (site, folder) = (Site::fresh().await, Folder::new());
    let (one, two, store) = (site.url("/one"), site.url("/two"), folder.path("store"));
    fetch(["--store", text(&store), &one, &two])
        .await
        .succeeded();
    let octets = fs::read(&store).unwrap();
    let last = place(&octets, "this is /one").max(place(&octets, "this is /two"));
    fs::write(&store, &octets[..=last]).unwrap();

    let run = offline(&store, &[&one, &two]).await;
    let reported = format!(
        "fetch: {}: its end is missing, and what was there\n",
        real(&store)
    );
    assert_eq!((run.code, &*run.errors), (Some(0), &*reported));
    assert_eq!(hits(&run), 1, "{run:?}");
}

#[tokio::test]
async fn what_is_no_store_is_left_as_it_is_and_nobody_is_asked() {
    let (site, folder) = (Site::fresh().await, Folder::new());
    let file = folder.path("letter");
    fs::write(&file, "Dear Sir or Madam").unwrap();
    let run = fetch(["--store", text(&file), &site.url("/")]).await;
    let error = run.error();
    assert!(
        error.starts_with(&format!("fetch: {}: this is no snapshot", real(&file))),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "Dear Sir or Madam");
    assert_eq!(site.calls(), 0);
}

#[tokio::test]
async fn an_empty_file_is_a_store_with_nothing_in_it() {
    let (site, folder) = (Site::fresh().await, Folder::new());
    let (url, store) = (site.url("/"), folder.path("store"));
    fs::write(&store, "").unwrap();
    fetch(["--store", text(&store), &url]).await.succeeded();
    assert_eq!(hits(&offline(&store, &[&url]).await.succeeded()), 1);
}

/// To rename a file to its name would be its end.
#[cfg(unix)]
#[tokio::test]
async fn neither_a_folder_nor_a_socket_is_taken_for_a_store() {
    use std::os::unix::fs::FileTypeExt;

    let (site, folder) = (Site::fresh().await, Folder::new());
    let (inner, socket) = (folder.path("folder"), folder.path("socket"));
    fs::create_dir(&inner).unwrap();
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [&inner, &socket] {
        let run = fetch(["--store", text(path), &site.url("/")]).await;
        assert!(
            run.error()
                .ends_with("it is no file that a cache could be kept in"),
            "{run:?}"
        );
    }
    assert!(fs::metadata(&inner).unwrap().is_dir());
    assert!(fs::metadata(&socket).unwrap().file_type().is_socket());
    assert_eq!(site.calls(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_still_leads_to_the_store_afterwards() {
    let (site, folder) = (Site::fresh().await, Folder::new());
    let (url, store, link) = (site.url("/"), folder.path("store"), folder.path("link"));
    fs::write(&store, "").unwrap();
    std::os::unix::fs::symlink(&store, &link).unwrap();
    fetch(["--store", text(&link), &url]).await.succeeded();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(hits(&offline(&store, &[&url]).await.succeeded()), 1);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_reported_and_what_was_got_is_said() {
    let (site, folder) = (Site::fresh().await, Folder::new());
    let store = folder.path("nowhere").join("store");
    let run = fetch(["--store", text(&store), &site.url("/")]).await;
    assert!(
        run.error()
            .starts_with(&format!("fetch: {}: ", text(&store))),
        "{run:?}"
    );
    assert!(run.line().starts_with("200 "), "{run:?}");
}

#[tokio::test]
async fn what_another_process_has_kept_meanwhile_is_kept_too() {
    let (arrived, gate) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let (told, opened) = (arrived.clone(), gate.clone());
    let server = Loopback::serve(move |request| {
        let (told, opened, path) = (told.clone(), opened.clone(), Seen::of(&request).path);
        async move {
            if path == "/slow" {
                told.notify_one();
                let _ = opened.acquire().await;
            }
            page("max-age=60", path)
        }
    });
    let server = server.await;
    let [slow, other] = ["/slow", "/other"].map(|path| server.uri(path).to_string());
    let folder = Folder::new();
    let store = folder.path("store");

    let first = command(["--store", text(&store), &slow]).spawn().unwrap();
    arrived.notified().await;
    fetch(["--store", text(&store), &other]).await.succeeded();
    gate.add_permits(1);
    ended(first.wait_with_output().await.unwrap()).succeeded();

    let run = offline(&store, &[&slow, &other]).await.succeeded();
    assert_eq!(hits(&run), 2, "{run:?}");
}

/// What a crash leaves, and what another process finds, is one of the two.
#[cfg(unix)]
#[tokio::test]
async fn who_has_begun_to_read_the_old_store_reads_it_to_its_end() {
    use std::io::Read;

    let (site, folder) = (Site::fresh().await, Folder::new());
    let (one, two, store) = (site.url("/one"), site.url("/two"), folder.path("store"));
    fetch(["--store", text(&store), &one]).await.succeeded();
    let old = fs::read(&store).unwrap();
    let mut reading = fs::File::open(&store).unwrap();
    fetch(["--store", text(&store), &two]).await.succeeded();
    let mut read = Vec::new();
    reading.read_to_end(&mut read).unwrap();
    assert!(read == old, "it is written over");
    assert!(fs::read(&store).unwrap() != old);
}

#[tokio::test]
async fn processes_that_write_at_once_leave_a_whole_store() {
    let (site, folder) = (Site::fresh().await, Folder::new());
    let store = folder.path("store");
    let urls: Vec<_> = (0..8).map(|page| site.url(&format!("/{page}"))).collect();
    let runs: Vec<_> = urls
        .iter()
        .map(|url| command(["--store", text(&store), url]).spawn().unwrap())
        .collect();
    for run in runs {
        ended(run.wait_with_output().await.unwrap()).succeeded();
    }
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let run = offline(&store, &urls).await.succeeded();
    assert!(
        hits(&run) >= 1,
        "the last of them has kept its own: {run:?}"
    );
}

/// As it is named where it is reported.
fn real(path: &Path) -> String {
    fs::canonicalize(path).unwrap().display().to_string()
}
