//! However `dev` ends, nothing of it stays behind.

use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use xtask::services::Service;
use xtask::stack::signals;

use super::until;
use crate::support::stack::{Stack, XTASK};

#[tokio::test]
async fn told_to_stop_it_stops_everything_and_says_so() {
    let stack = Stack::start("stopped", &[]);
    let pids = pids(&stack);
    signal(&stack, Signal::TERM);
    assert!(stack.wait().success(), "{}", stack.output());
    assert!(pids.iter().all(|pid| !signals::is_alive(*pid)), "{}", stack.output());
    assert!(!stack.data.join("dev.json").exists(), "the record says `ready`");
}

#[tokio::test]
async fn killed_it_still_leaves_no_orphans() {
    let stack = Stack::start("killed", &[]);
    let pids = pids(&stack);
    signal(&stack, Signal::KILL);
    assert!(!stack.wait().success());
    until("no process is left", Duration::from_secs(10), async || {
        pids.iter().all(|pid| !signals::is_alive(*pid)) && !stack.data.join("dev.json").exists()
    })
    .await;
}

#[tokio::test]
async fn a_second_stack_in_the_same_folder_is_refused() {
    let stack = Stack::start("alone", &[]);
    let output = Command::new(XTASK).args(["dev", "--no-watch", "--data"]).arg(&stack.data).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("already runs"), "{output:?}");
    signal(&stack, Signal::TERM);
    stack.wait();
}

fn pids(stack: &Stack) -> Vec<u32> {
    let pids: Vec<u32> = Service::ALL.into_iter().map(|service| stack.pid(service).unwrap()).collect();
    assert!(pids.iter().all(|pid| signals::is_alive(*pid)));
    pids
}

fn signal(stack: &Stack, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(stack.own_pid()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}
