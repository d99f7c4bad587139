//! The number of connections at a time, and which of them are closed for new ones.
//!
//! A connection is silent until its whole request has been read. At the limit, the oldest silent
//! connection is closed for a new one, so that programs that connect and send nothing delay no
//! other client. A connection with a request under way is never closed: if there are only such,
//! new clients wait in the kernel's queue.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;

use tokio::sync::Notify;
use tokio::task::{AbortHandle, spawn_local, yield_now};

/// Connections at a time if the process may open enough files.
const MAX_CONNECTIONS: usize = 2048;
/// Silent connections among them. Each may hold an incomplete frame of 64 KiB in a buffer of twice
/// that size, so this bounds the memory that clients can fill without a request. A client sends its
/// request right after it connects, and connects again if it is closed before.
const MAX_SILENT: usize = 64;
/// Descriptors that are kept free for the network and for the server itself.
const RESERVED_FILES: usize = 64;

/// All connections of an agent or of a tunnel's supervisor.
#[derive(Debug)]
pub struct Connections {
    limit: usize,
    /// Connections whose request has not been read, oldest first.
    silent: RefCell<BTreeMap<u64, AbortHandle>>,
    /// Number of connections with a request under way.
    busy: Cell<usize>,
    next: Cell<u64>,
    ended: Notify,
}

impl Connections {
    /// Returns a set with the limit for a process that may open `max_files` files.
    pub fn new(max_files: usize) -> Rc<Self> {
        Rc::new(Self {
            limit: limit(max_files),
            silent: RefCell::default(),
            busy: Cell::new(0),
            next: Cell::new(0),
            ended: Notify::new(),
        })
    }

    /// Returns once one more connection can be accepted.
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

    /// Closes the oldest silent connection. Returns `false` if there is none.
    pub async fn close_oldest_silent(&self) -> bool {
        let oldest = self.silent.borrow_mut().pop_first();
        let Some((_, task)) = oldest else {
            return false;
        };
        task.abort();
        // The runtime drops the task, and closes its socket, in the next turn.
        yield_now().await;
        true
    }

    /// Serves a connection in a new task, which may be aborted until [`Slot::mark_busy`].
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
        // On this single thread the task has not run yet.
        self.silent.borrow_mut().insert(id, task.abort_handle());
    }
}

fn limit(max_files: usize) -> usize {
    let reserved = RESERVED_FILES.min(max_files / 2);
    MAX_CONNECTIONS.min(max_files - reserved)
}

/// The slot of one connection, freed when it is dropped.
#[derive(Debug)]
pub struct Slot {
    connections: Rc<Connections>,
    id: u64,
    is_busy: Cell<bool>,
}

impl Slot {
    /// Marks the request as read: from now on the connection is not closed for another one.
    pub fn mark_busy(&self) {
        let was_silent = self.connections.silent.borrow_mut().remove(&self.id);
        if was_silent.is_some() {
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

    /// Opens a connection that reads its request at once or never. The result is shared while it
    /// is open.
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
    fn oldest_silent_connection_is_closed_first() {
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
    fn silent_connections_have_a_limit_of_their_own() {
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
    fn connection_with_a_request_is_never_closed() {
        on_one_thread(async {
            let connections = Connections::new(4);
            let (first, second) = (connect(&connections, true), connect(&connections, true));
            yield_now().await;
            assert!(!connections.close_oldest_silent().await);
            let wait = connections.wait_for_slot();
            let freed = tokio::select! {
                () = wait => true,
                () = async { for _ in 0..100 { yield_now().await } } => false,
            };
            assert!(!freed && is_open(&first) && is_open(&second));
        });
    }

    #[test]
    fn descriptors_are_kept_free_for_the_network() {
        let limits = [16, 48, 256, 1024, 2112, 1 << 20].map(limit);
        assert_eq!(limits, [8, 24, 192, 960, 2048, 2048]);
    }
}
