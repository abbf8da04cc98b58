//! Is it up, and is it the process that we started? A port that answers proves nothing: a stale process may hold it.

use std::time::Duration;

use tokio::time::sleep;

use crate::services::Service;

/// The header in which `/health` echoes `EVENTHUB_INSTANCE`.
const INSTANCE: &str = "x-eventhub-instance";
const PAUSE: Duration = Duration::from_millis(25);

/// Asks services how they are. One client for the whole program.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    client: reqwest::Client,
}

impl Probe {
    /// Returns when `/health` at `url` echoes `instance` and the readiness path answers 200; never gives up by itself.
    pub async fn until_ready(&self, service: Service, url: &str, instance: &str) {
        self.until_alive(url, instance).await;
        while !self.is_ready(service, url).await {
            sleep(PAUSE).await;
        }
    }

    /// Returns when `/health` at `url` echoes `instance`; never gives up by itself.
    pub async fn until_alive(&self, url: &str, instance: &str) {
        while !self.is_instance(url, instance).await {
            sleep(PAUSE).await;
        }
    }

    /// Whether the readiness path answers 200.
    pub async fn is_ready(&self, service: Service, url: &str) -> bool {
        let request =
            self.client.get(format!("{url}{}", service.ready_path())).timeout(Duration::from_secs(5));
        request.send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// What the readiness path says now, for a person.
    pub async fn words(&self, service: Service, url: &str) -> String {
        let request =
            self.client.get(format!("{url}{}", service.ready_path())).timeout(Duration::from_secs(2));
        match request.send().await {
            Ok(answer) => answer.text().await.unwrap_or_else(|error| error.to_string()),
            Err(error) => error.to_string(),
        }
    }

    async fn is_instance(&self, url: &str, instance: &str) -> bool {
        let request = self.client.get(format!("{url}/health")).timeout(Duration::from_secs(2));
        request.send().await.is_ok_and(|answer| {
            answer.status().is_success()
                && answer.headers().get(INSTANCE).is_some_and(|echo| echo.as_bytes() == instance.as_bytes())
        })
    }
}
