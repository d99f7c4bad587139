//! How many clients a server has connected at once, and which of them give way to new ones.
//!
//! A connection is silent until its whole request has been read, half a frame included. Where the limit is
//! reached the oldest silent connection is closed for a new one, so that programs that connect and say nothing
//! keep no other client waiting. A connection with a request under way is never closed: while there are only such, new
//! clients wait in the kernel's queue.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;

use tokio::sync::Notify;
use tokio::task::{AbortHandle, spawn_local, yield_now};

/// Connections at a time where the process may open enough files.
const MAX_CONNECTIONS: usize = 2048;
/// Silent ones among them. Each may hold a frame of 64 KiB that is not whole yet, in a buffer of twice that, so
/// this bounds the memory that clients can fill without asking for anything. A client sends its request right after it connects, and one
/// that is closed before it could connects again.
const MAX_SILENT: usize = 64;
/// Open files that connections leave for the network and for the server itself.
const RESERVED_FILES: usize = 64;

/// All connections of an agent, or of a tunnel's supervisor.
#[derive(Debug)]
pub struct Connections {
    limit: usize,
    /// Those whose request has not been read, oldest first.
    silent: RefCell<BTreeMap<u64, AbortHandle>>,
    /// How many have a request under way.
    busy: Cell<usize>,
    next: Cell<u64>,
    ended: Notify,
}

impl Connections {
    /// As many as a process that may open `max_files` files can serve.
    pub fn new(max_files: usize) -> Rc<Self> {
        Rc::new(Self {
            limit: limit(max_files),
            silent: RefCell::default(),
            busy: Cell::new(0),
            next: Cell::new(0),
            ended: Notify::new(),
        })
    }

    /// Returns once there is room for one more.
    pub async fn wait_for_slot(&self) {
        while self.is_full() {
            if !self.close_oldest_silent().await {
                self.ended.notified().await;
            }
        }
    }

    fn is_full(&self) -> bool {
        let silent = self.silent.borrow().len();
        silent >= MAX_SILENT || silent + self.busy.get() >= self.limit
    }

    /// Closes the oldest silent connection; `false` when there is none.
    pub async fn close_oldest_silent(&self) -> bool {
        let oldest = self.silent.borrow_mut().pop_first();
        let Some((_, task)) = oldest else {
            return false;
        };
        task.abort();
        // The task is dropped, and its socket closed, when it has its turn.
        yield_now().await;
        true
    }

    /// Serves a connection in a task of its own, which may be closed until [`Slot::mark_busy`].
    pub fn serve<F: Future<Output = ()> + 'static>(
        self: &Rc<Self>,
        conversation: impl FnOnce(Slot) -> F,
    ) {
        let id = self.next.get();
        self.next.set(id + 1);
        let slot = Slot {
            connections: Rc::clone(self),
            id,
            is_busy: Cell::new(false),
        };
        let task = spawn_local(conversation(slot));
        // There is one thread: the task has not run yet.
        self.silent.borrow_mut().insert(id, task.abort_handle());
    }
}

const fn limit(max_files: usize) -> usize {
    let half = max_files / 2;
    let reserved = if half < RESERVED_FILES {
        half
    } else {
        RESERVED_FILES
    };
    let left = max_files - reserved;
    if left < MAX_CONNECTIONS {
        left
    } else {
        MAX_CONNECTIONS
    }
}

/// The place of one connection among the others, given up when it is dropped.
#[derive(Debug)]
pub struct Slot {
    connections: Rc<Connections>,
    id: u64,
    is_busy: Cell<bool>,
}

impl Slot {
    /// From here on the connection does not give way.
    pub fn mark_busy(&self) {
        if self
            .connections
            .silent
            .borrow_mut()
            .remove(&self.id)
            .is_some()
        {
            self.is_busy.set(true);
            self.connections.busy.set(self.connections.busy.get() + 1);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.silent.borrow_mut().remove(&self.id);
        if self.is_busy.get() {
            self.connections.busy.set(self.connections.busy.get() - 1);
        }
        self.connections.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::task::LocalSet;

    use super::*;

    fn on_one_thread(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        LocalSet::new().block_on(&runtime, test);
    }

    /// A connection that reads its request at once or never; the value says whether it is still open.
    fn connect(connections: &Rc<Connections>, reads: bool) -> Rc<()> {
        let open = Rc::new(());
        let held = Rc::clone(&open);
        connections.serve(move |slot| async move {
            if reads {
                slot.mark_busy();
            }
            pending::<()>().await;
            drop((slot, held));
        });
        open
    }

    fn is_open(connection: &Rc<()>) -> bool {
        Rc::strong_count(connection) > 1
    }

    #[test]
    fn the_oldest_silent_connection_gives_way() {
        on_one_thread(async {
            let connections = Connections::new(8);
            let mut open = Vec::new();
            for number in 0..4 {
                connections.wait_for_slot().await;
                open.push(connect(&connections, number == 0));
                yield_now().await;
            }
            for oldest in 1..4 {
                connections.wait_for_slot().await;
                open.push(connect(&connections, false));
                yield_now().await;
                let states: Vec<bool> = open.iter().map(is_open).collect();
                let expected = (0..open.len()).map(|at| at == 0 || at > oldest);
                assert_eq!(states, expected.collect::<Vec<_>>());
            }
        });
    }

    #[test]
    fn few_connections_are_silent_where_many_are_served() {
        on_one_thread(async {
            let connections = Connections::new(1 << 20);
            let busy: Vec<_> = (0..1000).map(|_| connect(&connections, true)).collect();
            while connections.busy.get() < busy.len() {
                yield_now().await;
            }
            let mut silent = Vec::new();
            for _ in 0..MAX_SILENT * 3 {
                connections.wait_for_slot().await;
                silent.push(connect(&connections, false));
                yield_now().await;
            }
            assert_eq!(silent.iter().filter(|one| is_open(one)).count(), MAX_SILENT);
            assert!(busy.iter().all(is_open));
        });
    }

    #[test]
    fn a_request_under_way_never_gives_way() {
        on_one_thread(async {
            let connections = Connections::new(4);
            let (first, second) = (connect(&connections, true), connect(&connections, true));
            yield_now().await;
            assert!(!connections.close_oldest_silent().await);
            let wait = connections.wait_for_slot();
            let room = tokio::select! {
                () = wait => true,
                () = async { for _ in 0..100 { yield_now().await } } => false,
            };
            assert!(!room && is_open(&first) && is_open(&second));
        });
    }

    #[test]
    fn files_are_left_for_the_network() {
        let limits = [16, 48, 256, 1024, 2112, 1 << 20].map(limit);
        assert_eq!(limits, [8, 24, 192, 960, 2048, 2048]);
    }
}
