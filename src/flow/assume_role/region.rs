//! The region and the STS endpoint of a target.

use crate::aws::Region;
use crate::model::RoleArn;
use crate::report::Report;
use crate::wire::Target;

/// Returns the configured region, replaced by the default of the role's partition where the target
/// allows it; `None` if none is configured.
///
/// # Errors
/// If the setting is no region.
pub(in crate::flow) fn configured_region(
    target: &Target,
    role: &RoleArn,
) -> Result<Option<Region>, Report> {
    let region = target.region.as_deref().map(Region::parse).transpose()?;
    Ok(match target.replace_foreign_region {
        true => region.and_then(|region| region.in_partition(&role.partition())),
        false => region,
    })
}

/// Returns the endpoint and the region of the STS for `role`.
///
/// # Errors
/// If the region cannot be used.
pub(in crate::flow) fn sts_endpoint(
    target: &Target,
    role: &RoleArn,
) -> Result<(String, String), Report> {
    let configured = configured_region(target, role)?;
    let region = Region::for_role(configured.as_ref(), &role.partition())?;
    let endpoint = match &target.sts_endpoint {
        Some(endpoint) => endpoint.clone(),
        None => region.sts_endpoint()?.to_string(),
    };
    Ok((endpoint, region.to_string()))
}

/// Returns the STS endpoint of `target` if it is known before the role is chosen.
pub fn expected_sts_endpoint(target: &Target) -> Option<String> {
    if let Some(endpoint) = &target.sts_endpoint {
        return Some(endpoint.clone());
    }
    let role = RoleArn::parse(target.role.as_deref()?).ok()?;
    let (endpoint, _) = sts_endpoint(target, &role).ok()?;
    Some(endpoint)
}
