//! The AWS SDK on our own HTTP client: one pool, one TLS, one proxy and CA rule.
//!
//! The SDK owns the error model and the signatures; its HTTP stack would bring a second TLS. Nothing of
//! the environment, no profile and no metadata service is read: the configuration is built by hand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_sts::config::http::{HttpRequest, HttpResponse};
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::{
    BehaviorVersion, Credentials as SdkCredentials, Region, RuntimeComponents,
    StalledStreamProtectionConfig,
};
use aws_smithy_async::time::StaticTimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

use crate::aws::Region as AwsRegion;
use crate::http::{Client, HttpError};
use crate::model::{Credentials, RoleArn, Timestamp};
use crate::report::Report;
use crate::wire::Target;

/// STS answers in a few KiB.
const LONGEST: usize = 64 * 1024;
const WHOLE: Duration = Duration::from_secs(30);

/// An STS that is spoken to, and what its answers said about the time.
#[derive(Debug)]
pub(in crate::flow) struct Sts {
    connector: Connector,
    endpoint: String,
    region: String,
    now: Timestamp,
}

impl Sts {
    /// The STS for `role`: the target's own endpoint, or the region's, or the partition's.
    pub(in crate::flow) fn new(
        client: &Client,
        target: &Target,
        role: &RoleArn,
        now: Timestamp,
    ) -> Result<Self, Report> {
        let region = region(target, role)?;
        let endpoint = match &target.sts_endpoint {
            Some(endpoint) => endpoint.clone(),
            None => region.sts_endpoint()?.to_string(),
        };
        let connector = Connector {
            client: client.clone(),
            date: Arc::default(),
            failure: Arc::default(),
        };
        Ok(Self {
            connector,
            endpoint,
            region: region.to_string(),
            now,
        })
    }

    /// The SDK's client; `signed` by credentials, or not at all (both SAML and web identity are unsigned).
    pub(in crate::flow) fn client(&self, signed: Option<&Credentials>) -> aws_sdk_sts::Client {
        let now = u64::try_from(self.now.0).unwrap_or_default();
        let mut config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .endpoint_url(&self.endpoint)
            .http_client(self.connector.clone())
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .time_source(StaticTimeSource::new(UNIX_EPOCH + Duration::from_secs(now)));
        if let Some(credentials) = signed {
            config = config.credentials_provider(SdkCredentials::new(
                &credentials.access_key_id,
                credentials.secret_access_key.expose(),
                Some(credentials.session_token.expose().to_owned()),
                None,
                "ob",
            ));
        }
        aws_sdk_sts::Client::from_conf(config.build())
    }

    /// The time by STS's last answer, or as it was known before.
    pub(in crate::flow) fn now(&self) -> Timestamp {
        self.connector
            .date
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .unwrap_or(self.now)
    }

    /// Why the last call got no answer, in our own words.
    pub(in crate::flow) fn take_failure(&self) -> Option<HttpError> {
        self.connector
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// The address of the STS that `target` will be asked of, if that is known before the role is.
pub fn expected_sts_endpoint(target: &Target) -> Option<String> {
    if let Some(endpoint) = &target.sts_endpoint {
        return Some(endpoint.clone());
    }
    let role = RoleArn::parse(target.role.as_deref()?).ok()?;
    Some(region(target, &role).ok()?.sts_endpoint().ok()?.to_string())
}

/// The region that is set for `role`.
///
/// # Errors
/// When it is none.
pub(in crate::flow) fn region_of(
    target: &Target,
    role: &RoleArn,
) -> Result<Option<AwsRegion>, Report> {
    let set = target.region.as_deref().map(AwsRegion::parse).transpose()?;
    Ok(match target.region_gives_way {
        true => set.and_then(|region| region.in_partition(&role.partition())),
        false => set,
    })
}

fn region(target: &Target, role: &RoleArn) -> Result<AwsRegion, Report> {
    let set = region_of(target, role)?;
    Ok(AwsRegion::for_role(set.as_ref(), &role.partition())?)
}

#[derive(Clone, Debug)]
struct Connector {
    client: Client,
    date: Arc<Mutex<Option<Timestamp>>>,
    failure: Arc<Mutex<Option<HttpError>>>,
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
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request
                .try_into_http1x()
                .map_err(|e| ConnectorError::user(e.into()))?;
            let request = request.map(|body| body.bytes().unwrap_or_default().to_vec());
            match this.client.send_raw(request, LONGEST, WHOLE).await {
                Ok(answer) => {
                    *this.date.lock().unwrap_or_else(PoisonError::into_inner) = answer.date();
                    let mut response = http::Response::new(SdkBody::from(answer.body.to_vec()));
                    *response.status_mut() =
                        http::StatusCode::from_u16(answer.status).unwrap_or_default();
                    HttpResponse::try_from(response)
                        .map_err(|e| ConnectorError::other(e.into(), None))
                }
                Err(error) => {
                    let kept = Some(error.clone());
                    *this.failure.lock().unwrap_or_else(PoisonError::into_inner) = kept;
                    Err(ConnectorError::io(error.into()))
                }
            }
        })
    }
}
