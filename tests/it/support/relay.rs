//! Forwarding of bytes between two connections.

use std::io::copy;
use std::net::{Shutdown, TcpStream};
use std::thread;

/// Forwards both directions until the server has closed its side.
pub(crate) fn relay(mut client: TcpStream, mut server: TcpStream) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = copy(&mut server, &mut client);
}
