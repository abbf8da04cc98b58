//! What is done to the stack: processes are killed, ended, stopped and continued, connections cut and refused, the disk filled; and afterwards
//! everything is healed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use super::disk::Disk;
use super::history::History;
use super::proxy::Wire;
use crate::failure::{Failure, Result};
use crate::random::Random;
use crate::services::Service;
use crate::stack::child::Stack;
use crate::stack::signals;

/// The longest that the stack may take to be ready when nothing is in its way any more.
const RECOVERY: Duration = Duration::from_secs(90);

/// One thing that is done.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// `kill -9`.
    Kill(Service),
    /// What a deployment does: the process may finish what it has begun.
    Terminate(Service),
    /// The process stands still, its connections open.
    Stop(Service, Duration),
    /// Every connection to the service breaks.
    Cut(Service),
    /// And nobody can open another.
    Refuse(Service, Duration),
    /// The same for the database server, or a full disk, whichever there is.
    Storage(Duration),
}

/// Who does it, and what they have their hands on.
pub(super) struct Nemesis {
    pub(super) stack: Stack,
    /// The wires to each service.
    pub(super) wires: BTreeMap<Service, Wire>,
    /// The wire to the database server, if there is one.
    pub(super) database: Option<Wire>,
    pub(super) disk: Option<Disk>,
    pub(super) history: History,
}

impl Nemesis {
    /// Does one thing after the other until then. Several may rage at once.
    pub(super) async fn rage(&self, mut random: Random, until: Instant) {
        while Instant::now() < until {
            let fault = draw(&mut random);
            self.history.tell("nemesis", "fault", &json!(format!("{fault:?}")));
            self.inflict(fault).await;
            tokio::time::sleep(Duration::from_millis(100 + random.below(1500) as u64)).await;
        }
    }

    async fn inflict(&self, fault: Fault) {
        match fault {
            Fault::Kill(service) => self.stack.pid(service).into_iter().for_each(signals::kill),
            Fault::Terminate(service) => self.stack.pid(service).into_iter().for_each(signals::terminate),
            Fault::Stop(service, time) => {
                let Some(pid) = self.stack.pid(service) else { return };
                signals::pause(pid);
                tokio::time::sleep(time).await;
                signals::resume(pid);
            }
            Fault::Cut(service) => self.wires.get(&service).into_iter().for_each(Wire::cut),
            Fault::Refuse(service, time) => refuse(self.wires.get(&service), time).await,
            Fault::Storage(time) => {
                refuse(self.database.as_ref(), time).await;
                if let Some(disk) = &self.disk {
                    disk.fill();
                    tokio::time::sleep(time).await;
                    disk.free();
                }
            }
        }
    }

    /// Takes everything out of the stack's way, and waits until all of it is ready.
    pub(super) async fn heal(&self) -> Result<()> {
        self.wires.values().chain(&self.database).for_each(Wire::mend);
        self.disk.iter().for_each(Disk::free);
        let end = Instant::now() + RECOVERY;
        for service in Service::ALL {
            while !self.is_ready(service).await {
                if Instant::now() > end {
                    return Err(Failure::new(format!(
                        "{service} is not ready {} s after the last fault",
                        RECOVERY.as_secs()
                    )));
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        self.history.tell("nemesis", "healed", &json!(null));
        Ok(())
    }

    async fn is_ready(&self, service: Service) -> bool {
        let Some(url) = self.stack.record.url(service) else { return false };
        let request = reqwest::Client::new().get(format!("{url}{}", service.ready_path()));
        let answer = request.timeout(Duration::from_secs(2)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }
}

async fn refuse(wire: Option<&Wire>, time: Duration) {
    let Some(wire) = wire else { return };
    wire.refuse();
    tokio::time::sleep(time).await;
    wire.mend();
}

fn draw(random: &mut Random) -> Fault {
    let service = random.pick(&Service::ALL).copied().unwrap_or(Service::Booking);
    let time = Duration::from_millis(50 + random.below(3000) as u64);
    match random.below(20) {
        0..=6 => Fault::Kill(service),
        7 | 8 => Fault::Terminate(service),
        9..=12 => Fault::Stop(service, time),
        13..=15 => Fault::Cut(service),
        16 | 17 => Fault::Refuse(service, time),
        _ => Fault::Storage(time),
    }
}
