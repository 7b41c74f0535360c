//! The running containers of the current Docker context, kept up to date by the engine's events.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::Docker;
use bollard::models::ContainerSummary;
use bollard::query_parameters::{EventsOptions, ListContainersOptions};
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::engine::target::{Kind, Origin};
use crate::inventory::{Change, Found};
use crate::tunnel::address::{Address, Hop, Way};
use crate::tunnel::docker::LABEL;
use crate::tunnel::docker_engine;

/// How soon the engine is looked for again when it is not there; twice as late each time, up to a minute.
const AGAIN: Duration = Duration::from_secs(2);
const LATEST: Duration = Duration::from_mins(1);
/// Events come in crowds: how long to wait for more before the list is read again. An endless crowd (a container that
/// dies and is started again and again) is not waited for.
const CROWD: Duration = Duration::from_millis(200);
/// How long a single list is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// What happens to a container that changes who can be reached.
const EVENTS: &[&str] = &["start", "die", "destroy", "rename", "pause", "unpause"];

type Known = BTreeMap<String, Found>;

/// Tells of every container that runs, and of every one that comes and goes, for as long as anybody listens.
pub async fn watch(changes: mpsc::Sender<Change>) {
    let mut known = Known::new();
    let (mut again, mut told) = (AGAIN, None);
    while !changes.is_closed() {
        let why = match docker_engine::connect() {
            Ok(docker) => follow(&docker, &mut known, &changes, &mut again).await,
            Err(why) => why,
        };
        if tell(&mut known, Known::new(), &changes).await.is_none() {
            return;
        }
        // An engine that is not there is no news on a machine without Docker, and said once where there is one.
        if told.as_ref() != Some(&why) && !no_news(&why) {
            told = Some(why.clone());
            let _ = changes.send(Change::Notice(why)).await;
        }
        sleep(again).await;
        again = (again * 2).min(LATEST);
    }
}

/// Those that run now, or why that cannot be told.
pub async fn now() -> Vec<Change> {
    let listed = async {
        let docker = docker_engine::connect()?;
        list(&docker).await.map_err(no_list)
    };
    let late =
        || Err(format!("the Docker engine did not list its containers within {} s", PATIENCE.as_secs()));
    match timeout(PATIENCE, listed).await.unwrap_or_else(|_| late()) {
        Ok(known) => known.into_values().map(Change::Found).collect(),
        Err(why) if no_news(&why) => Vec::new(),
        Err(why) => vec![Change::Notice(why)],
    }
}

/// Whether this is how a machine without Docker looks.
fn no_news(why: &str) -> bool {
    why.contains("No such file")
}

fn no_list(error: bollard::errors::Error) -> String {
    format!("the Docker engine does not list its containers: {error}")
}

/// Follows one connection to its end; says why it ended.
async fn follow(
    docker: &Docker,
    known: &mut Known,
    changes: &mpsc::Sender<Change>,
    again: &mut Duration,
) -> String {
    // Our own execs are events too, and many; these filters keep them away.
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let filters =
        HashMap::from([("type".to_owned(), words(&["container"])), ("event".to_owned(), words(EVENTS))]);
    // Nothing is asked until the stream is first polled, which is after the list: the events since now are asked for, so
    // that nothing falls between.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = Some(now.as_secs().to_string());
    let options = EventsOptions { since, filters: Some(filters), ..EventsOptions::default() };
    let mut events = std::pin::pin!(docker.events(Some(options)).fuse());
    loop {
        let now = match list(docker).await {
            Ok(now) => now,
            Err(error) => return no_list(error),
        };
        *again = AGAIN;
        if tell(known, now, changes).await.is_none() {
            return String::new();
        }
        tokio::select! {
            event = events.next() => match event {
                Some(Ok(_)) => {}
                Some(Err(error)) => return format!("the Docker engine's events ended ({error}); it is asked again"),
                None => return "the Docker engine's events ended; it is asked again".to_owned(),
            },
            () = changes.closed() => return String::new(),
        }
        let crowd = async { while let Some(Ok(_)) = events.next().await {} };
        let _ = timeout(CROWD, crowd).await;
    }
}

/// Tells what differs between what was known and what is now. None: nobody listens any more.
async fn tell(known: &mut Known, now: Known, changes: &mpsc::Sender<Change>) -> Option<()> {
    for name in known.keys().filter(|name| !now.contains_key(*name)) {
        changes.send(Change::Gone { name: name.clone() }).await.ok()?;
    }
    for (_, found) in now.iter().filter(|(name, found)| known.get(*name) != Some(*found)) {
        changes.send(Change::Found(found.clone())).await.ok()?;
    }
    *known = now;
    Some(())
}

async fn list(docker: &Docker) -> Result<Known, bollard::errors::Error> {
    let filters = Some(HashMap::from([("status".to_owned(), vec!["running".to_owned()])]));
    let options = ListContainersOptions { filters, ..ListContainersOptions::default() };
    let list = docker.list_containers(Some(options)).await?;
    Ok(list.into_iter().filter_map(found).map(|found| (found.name.clone(), found)).collect())
}

fn found(container: ContainerSummary) -> Option<Found> {
    let labels = container.labels.unwrap_or_default();
    if labels.contains_key(LABEL) {
        return None;
    }
    let name = container.names?.into_iter().next()?.trim_start_matches('/').to_owned();
    let image = container.image.unwrap_or_default();
    let compose = |part: &str| labels.get(&format!("com.docker.compose.{part}")).cloned();
    let about = match (compose("project"), compose("service")) {
        (Some(project), Some(service)) => format!("{image} · {project}/{service}"),
        _ => image,
    };
    let address = Address { hops: vec![Hop::to(Way::Docker { container: name })] };
    Some(Found { name: address.to_string(), address, kind: Kind::Docker, origin: Origin::Docker, about })
}
