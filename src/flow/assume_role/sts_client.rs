//! aws-sdk-sts over `ob`'s HTTP client: one pool, one TLS, one rule for proxies and certificates.
//!
//! The SDK builds, signs and parses; retries and error texts are `ob`'s. The configuration is built
//! by hand: no environment variable, no profile and no metadata service is read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_sts::config::http::{HttpRequest, HttpResponse};
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::{
    BehaviorVersion, Credentials as SdkCredentials, Region, RuntimeComponents,
    StalledStreamProtectionConfig,
};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_async::time::StaticTimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

use crate::aws::StsRefusal;
use crate::flow::aws_client::AwsError;
use crate::http::{Client, HttpError};
use crate::model::{Credentials, Timestamp};

/// STS answers in a few KiB.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// STS at one endpoint.
#[derive(Debug)]
pub(super) struct StsClient {
    connector: Connector,
    pub(super) sdk: aws_sdk_sts::Client,
}

impl StsClient {
    /// Requests are signed with `credentials`. Without them they are unsigned, as those with an
    /// assertion or a token are.
    pub(super) fn new(
        http: &Client,
        endpoint: &str,
        region: &str,
        credentials: Option<&Credentials>,
        now: Timestamp,
    ) -> Self {
        let connector = Connector {
            http: http.clone(),
            outcome: Arc::default(),
        };
        let since_epoch = Duration::from_secs(u64::try_from(now.0).unwrap_or_default());
        let mut config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .endpoint_url(endpoint)
            .http_client(connector.clone())
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .time_source(StaticTimeSource::new(UNIX_EPOCH + since_epoch));
        if let Some(credentials) = credentials {
            config = config.credentials_provider(SdkCredentials::new(
                &credentials.access_key_id,
                credentials.secret_access_key.expose(),
                Some(credentials.session_token.expose().to_owned()),
                None,
                "ob",
            ));
        }
        Self {
            connector,
            sdk: aws_sdk_sts::Client::from_conf(config.build()),
        }
    }

    /// Returns the time of the last response, by its `Date`.
    pub(super) fn date(&self) -> Option<Timestamp> {
        self.connector.outcome().date
    }

    /// Returns `ob`'s own error for one of the SDK's.
    pub(super) fn error<E: ProvideErrorMetadata>(
        &self,
        error: &SdkError<E, HttpResponse>,
    ) -> AwsError {
        if let Some(failure) = self.connector.outcome().failure.take() {
            return AwsError::Http(failure);
        }
        let status = error
            .raw_response()
            .map_or(0, |response| response.status().as_u16());
        let (code, message) = match error {
            SdkError::ServiceError(refused) => (refused.err().code(), refused.err().message()),
            _ => (None, None),
        };
        AwsError::Refused(StsRefusal::classify(
            code.unwrap_or_default(),
            message.unwrap_or_default(),
            status,
        ))
    }
}

/// What the last request came to, beside the SDK's result.
#[derive(Debug, Default)]
struct Outcome {
    date: Option<Timestamp>,
    failure: Option<HttpError>,
}

#[derive(Clone, Debug)]
struct Connector {
    http: Client,
    outcome: Arc<Mutex<Outcome>>,
}

impl Connector {
    fn outcome(&self) -> std::sync::MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::user(error.into()))?;
            let request = request.map(|body| body.bytes().unwrap_or_default().to_vec());
            let sent = connector
                .http
                .send_raw(request, MAX_RESPONSE_BYTES, RESPONSE_TIMEOUT)
                .await;
            let response = match sent {
                Ok(response) => response,
                Err(error) => {
                    connector.outcome().failure = Some(error.clone());
                    return Err(ConnectorError::io(error.into()));
                }
            };
            connector.outcome().date = response.date();
            let mut converted = http::Response::new(SdkBody::from(response.body.to_vec()));
            *converted.status_mut() =
                http::StatusCode::from_u16(response.status).unwrap_or_default();
            HttpResponse::try_from(converted)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
