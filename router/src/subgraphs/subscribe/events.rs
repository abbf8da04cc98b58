//! A subscription by server-sent events: one POST whose answer does not end.
//!
//! Sources: HTML, "Server-sent events", parsing; GraphQL over Server-Sent Events, "distinct connections mode".

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use executor::{SubgraphError, SubgraphResponse};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use http::{HeaderValue, header};
use tokio::time::timeout;

use super::{Call, Events, event, interrupted};
use crate::subgraphs::client::{read_body, unsent};

/// Opens the stream.
pub(super) async fn open(call: Call) -> Result<Events, SubgraphError> {
    let Call { http, url, mut headers, body, patience, limit, .. } = call;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
    let opening = async {
        let sent = http.post(url).headers(headers).body(body).send().await;
        let response = sent.map_err(|error| unsent(&error))?;
        if is_event_stream(&response) {
            return Ok(Reading::of(response, limit).into_stream());
        }
        // It says why not, in one answer.
        let status = response.status().as_u16();
        let only = SubgraphResponse { status, body: read_body(response, limit).await? };
        Ok(stream::once(std::future::ready(Ok(only))).boxed())
    };
    timeout(patience, opening).await.unwrap_or(Err(SubgraphError::Timeout))
}

fn is_event_stream(response: &reqwest::Response) -> bool {
    let media = response.headers().get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
    response.status().is_success()
        && media.is_some_and(|media| media.trim_start().to_ascii_lowercase().starts_with("text/event-stream"))
}

/// What an event means.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Next(Bytes),
    Complete,
}

/// Reads lines to events; keeps no more than the largest event allowed.
#[derive(Debug)]
struct Parser {
    limit: usize,
    line: BytesMut,
    name: Vec<u8>,
    data: BytesMut,
    told: VecDeque<Told>,
}

impl Parser {
    fn new(limit: usize) -> Self {
        Self { limit, line: BytesMut::new(), name: Vec::new(), data: BytesMut::new(), told: VecDeque::new() }
    }

    fn read(&mut self, mut chunk: &[u8]) -> Result<(), SubgraphError> {
        while let Some(end) = chunk.iter().position(|byte| *byte == b'\n') {
            self.line.extend_from_slice(&chunk[..end]);
            chunk = &chunk[end + 1..];
            let line = self.line.split();
            self.take_line(line.strip_suffix(b"\r").unwrap_or(&line));
            self.check()?;
        }
        self.line.extend_from_slice(chunk);
        self.check()
    }

    fn check(&self) -> Result<(), SubgraphError> {
        let is_too_large = self.line.len() + self.data.len() > self.limit;
        if is_too_large { Err(SubgraphError::TooLarge { limit_bytes: self.limit }) } else { Ok(()) }
    }

    fn take_line(&mut self, line: &[u8]) {
        if line.is_empty() {
            return self.dispatch();
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"event" => self.name = value.to_vec(),
            b"data" => {
                if !self.data.is_empty() {
                    self.data.extend_from_slice(b"\n");
                }
                self.data.extend_from_slice(value);
            }
            // Comments, and fields that mean nothing here.
            _ => {}
        }
    }

    fn dispatch(&mut self) {
        let (name, data) = (std::mem::take(&mut self.name), self.data.split().freeze());
        match name.as_slice() {
            b"next" => self.told.push_back(Told::Next(data)),
            b"complete" => self.told.push_back(Told::Complete),
            _ => {}
        }
    }
}

/// A stream that is open.
struct Reading {
    chunks: BoxStream<'static, reqwest::Result<Bytes>>,
    parser: Parser,
    is_over: bool,
}

impl Reading {
    fn of(response: reqwest::Response, limit: usize) -> Self {
        Self { chunks: response.bytes_stream().boxed(), parser: Parser::new(limit), is_over: false }
    }

    fn into_stream(self) -> Events {
        stream::unfold(self, |mut reading| async move {
            if reading.is_over {
                return None;
            }
            let event = reading.next().await.transpose()?;
            reading.is_over = event.is_err();
            Some((event, reading))
        })
        .boxed()
    }

    async fn next(&mut self) -> Result<Option<SubgraphResponse>, SubgraphError> {
        loop {
            match self.parser.told.pop_front() {
                Some(Told::Next(body)) => return Ok(Some(event(body))),
                Some(Told::Complete) => return Ok(None),
                None => {}
            }
            match self.chunks.next().await {
                Some(Ok(chunk)) => self.parser.read(&chunk)?,
                Some(Err(error)) => return Err(interrupted(error)),
                None => return Err(interrupted("it ended without `complete`")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(chunks: &[&str]) -> Vec<Told> {
        let mut parser = Parser::new(1_000);
        for chunk in chunks {
            parser.read(chunk.as_bytes()).unwrap();
        }
        parser.told.into()
    }

    fn next(body: &'static str) -> Told {
        Told::Next(Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = ":\n\nevent: next\ndata: {\"a\":1}\n\nevent:next\r\ndata:{\ndata:}\r\n\r\nevent: complete\ndata: \n\n";
        let expected = [next("{\"a\":1}"), next("{\n}"), Told::Complete];
        assert_eq!(told(&[text]), expected);
        let letters: Vec<String> = text.chars().map(String::from).collect();
        assert_eq!(told(&letters.iter().map(String::as_str).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn other_events_and_unfinished_ones_say_nothing() {
        assert_eq!(told(&["event: heartbeat\ndata: x\n\ndata: y\n\nevent: next\ndata: z\n"]), []);
    }

    #[test]
    fn an_event_that_is_too_large_is_not_held() {
        let mut parser = Parser::new(10);
        assert!(matches!(parser.read(b"data: 0123456789"), Err(SubgraphError::TooLarge { limit_bytes: 10 })));
    }
}
