//! Figures for Prometheus: one recorder a process, rendered by `GET /metrics`.
//!
//! Anything may be counted with the macros of the `metrics` crate once [`recorder`] was called.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use poem::{Endpoint, IntoResponse, endpoint::make_sync};

static RECORDER: OnceLock<Recorder> = OnceLock::new();

/// Upper bounds, in seconds, of the histograms whose name ends in `_seconds`.
const SECONDS: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];

/// The recorder of this process.
#[derive(Clone)]
pub struct Recorder(PrometheusHandle);

/// The recorder of this process, installed on the first call.
pub fn recorder() -> Recorder {
    RECORDER.get_or_init(install).clone()
}

fn install() -> Recorder {
    let builder = PrometheusBuilder::new();
    let builder = builder.set_buckets(&SECONDS).unwrap_or_else(|_| PrometheusBuilder::new());
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if ::metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("another metrics recorder is installed; /metrics stays empty");
    }
    Recorder(handle)
}

impl Recorder {
    /// All figures in Prometheus' text form.
    #[must_use]
    pub fn render(&self) -> String {
        // Without upkeep the buckets of histograms keep every sample since the last scrape.
        self.0.run_upkeep();
        self.0.render()
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorder")
    }
}

/// `GET /metrics`.
pub fn endpoint(recorder: Recorder) -> impl Endpoint {
    make_sync(move |_| {
        recorder.render().with_content_type("text/plain; version=0.0.4; charset=utf-8").into_response()
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_counted_is_rendered() {
        let recorder = super::recorder();
        ::metrics::counter!("house_test_total", "kind" => "a").increment(2);
        ::metrics::histogram!("house_test_seconds").record(0.003);
        let text = recorder.render();
        assert!(text.contains("house_test_total{kind=\"a\"} 2"), "{text}");
        assert!(text.contains("house_test_seconds_bucket{le=\"0.005\"} 1"), "{text}");
    }
}
