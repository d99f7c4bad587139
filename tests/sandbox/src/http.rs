//! HTTP/1.1 for the servers (RFC 9112): reads one request completely, writes one response.
//! `httparse` parses the head; the rest is hand-written, because faults must be able to send any
//! bytes at any pace, which server frameworks prevent.

use std::fmt::Write as _;
use std::io;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

const MAX_HEAD: usize = 256 * 1024;
const MAX_BODY: usize = 16 * 1024 * 1024;
const MAX_HEADERS: usize = 256;

/// A request as received.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// A parameter of the query, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        field(&self.query, name)
    }

    /// A field of a form body, decoded.
    pub(crate) fn form(&self, name: &str) -> Option<String> {
        field(&String::from_utf8_lossy(&self.body), name)
    }

    /// A cookie's value.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .filter(|(header, _)| header.eq_ignore_ascii_case("cookie"))
            .flat_map(|(_, value)| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    fn wants_close(&self) -> bool {
        self.header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// A response before `Date` and `Content-Length` are added.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Answer {
        Answer::empty(status).body("application/json", body.to_string())
    }

    pub(crate) fn html(status: u16, body: &str) -> Answer {
        Answer::empty(status).body("text/html;charset=utf-8", body.to_owned())
    }

    pub(crate) fn redirect(location: &str) -> Answer {
        Answer::empty(302).with("Location", location)
    }

    pub(crate) fn empty(status: u16) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn body(mut self, content_type: &str, body: String) -> Answer {
        self.body = body.into_bytes();
        self.with("Content-Type", content_type)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Answer {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Status line and headers, up to and with the empty line.
    pub(crate) fn head(&self, date: &str) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        let date = ("Date".to_owned(), date.to_owned());
        let length = ("Content-Length".to_owned(), self.body.len().to_string());
        let implied = [date, length];
        let implied = implied
            .iter()
            .filter(|(name, _)| find_header(&self.headers, name).is_none())
            // 204 has no body and RFC 9110 forbids it a length.
            .filter(|(name, _)| self.status != 204 || name != "Content-Length");
        for (name, value) in implied.chain(&self.headers) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

/// Reads the next request. `None` when the client is done.
///
/// # Errors
/// `InvalidData` for what is no HTTP or is beyond the limits, else the connection's own error.
pub(crate) async fn read_request<S>(
    stream: &mut S,
    held: &mut Vec<u8>,
) -> io::Result<Option<Request>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut request, head_length) = loop {
        if let Some(parsed) = parse_head(held)? {
            break parsed;
        }
        if held.len() > MAX_HEAD {
            return Err(invalid("the head is too long"));
        }
        if stream.read_buf(held).await? == 0 {
            return if held.is_empty() {
                Ok(None)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
    };
    held.drain(..head_length);
    if request.header("expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        stream.flush().await?;
    }
    request.body = if request.header("transfer-encoding").is_some() {
        read_chunked(stream, held).await?
    } else {
        let length = request.header("content-length").unwrap_or("0");
        let length: usize = length.parse().map_err(|_| invalid("Content-Length"))?;
        take(stream, held, length).await?
    };
    Ok(Some(request))
}

/// Whether the connection serves another request after this one.
pub(crate) fn keeps_open(request: &Request) -> bool {
    !request.wants_close()
}

fn parse_head(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let status = parsed.parse(bytes).map_err(io::Error::other)?;
    let httparse::Status::Complete(length) = status else {
        return Ok(None);
    };
    let target = parsed.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: parsed
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8_lossy(header.value).into_owned();
                (header.name.to_owned(), value)
            })
            .collect(),
        body: Vec::new(),
    };
    Ok(Some((request, length)))
}

async fn read_chunked<S>(stream: &mut S, held: &mut Vec<u8>) -> io::Result<Vec<u8>>
where
    S: AsyncRead + Unpin,
{
    let mut body = Vec::new();
    loop {
        let line = loop {
            if let Some(end) = held.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = held.drain(..end + 2).collect();
                break String::from_utf8_lossy(&line).trim().to_owned();
            }
            if stream.read_buf(held).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let size = usize::from_str_radix(&line, 16).map_err(|_| invalid("chunk size"))?;
        let chunk = take(stream, held, size).await?;
        take(stream, held, 2).await?;
        if size == 0 {
            return Ok(body);
        }
        body.extend(chunk);
        if body.len() > MAX_BODY {
            return Err(invalid("the body is too long"));
        }
    }
}

async fn take<S>(stream: &mut S, held: &mut Vec<u8>, length: usize) -> io::Result<Vec<u8>>
where
    S: AsyncRead + Unpin,
{
    if length > MAX_BODY {
        return Err(invalid("the body is too long"));
    }
    while held.len() < length {
        if stream.read_buf(held).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(held.drain(..length).collect())
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// The first header of that name, in any case.
pub(crate) fn find_header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// The first value of that name.
pub(crate) fn find_pair(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.clone())
}

/// One field of `application/x-www-form-urlencoded`; the others, an assertion among them, are left
/// as they are.
fn field(text: &str, name: &str) -> Option<String> {
    let mut pairs = text
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .find(|(key, _)| decode(key) == name)
        .map(|(_, value)| decode(value))
}

/// Decodes `application/x-www-form-urlencoded`.
pub(crate) fn decode_pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}

/// Encodes one name or value for a query.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let hex = text
            .get(index + 1..index + 3)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[index], hex) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                index += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        index += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded_and_queries_encoded() {
        let pairs = decode_pairs("a=1+2&b=%2Fx%3D&empty&c=%zz");
        assert_eq!(find_pair(&pairs, "a").as_deref(), Some("1 2"));
        assert_eq!(find_pair(&pairs, "b").as_deref(), Some("/x="));
        assert_eq!(find_pair(&pairs, "empty").as_deref(), Some(""));
        assert_eq!(find_pair(&pairs, "c").as_deref(), Some("%zz"));
        assert_eq!(encode("/deep link"), "%2Fdeep%20link");
    }

    #[test]
    fn cookies_are_found_among_others() {
        let request = Request {
            headers: vec![("Cookie".to_owned(), "DT=one; sid=two=three".to_owned())],
            ..Request::default()
        };
        assert_eq!(request.cookie("sid"), Some("two=three"));
        assert_eq!(request.cookie("DT"), Some("one"));
        assert_eq!(request.cookie("D"), None);
    }
}
