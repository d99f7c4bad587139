//! The one test binary over the program as it is built: a module for each verb, and the fences of the house.

#[cfg(test)]
mod openvpn_differential;
#[cfg(test)]
mod openvpn_session;
