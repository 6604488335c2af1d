//! Refusals as `application/problem+json` (RFC 9457). A problem names fields and bounds; it never repeats a value that
//! was sent.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{borrow::Cow, time::Duration};

/// A refusal and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    detail: Cow<'static, str>,
    errors: Vec<FieldProblem>,
    wait: Option<Duration>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldProblem {
    /// Path of the field in the body; empty for the body itself.
    pub field: String,
    /// What is wrong, as the end of a sentence that starts with the field.
    pub problem: String,
    /// The same, to be counted.
    #[serde(skip)]
    pub fault: Fault,
}

/// Kinds of what can be wrong with a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It is needed and not there.
    Missing,
    /// It is no field of the model.
    Unknown,
    /// It is there twice.
    Twice,
    /// It lies beyond a bound.
    Bound,
    /// It is of another type, or anything else.
    #[default]
    Form,
}

impl Fault {
    /// The word for it in metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Twice => "twice",
            Self::Bound => "bound",
            Self::Form => "form",
        }
    }
}

impl FieldProblem {
    /// What is wrong with a field: its form.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into(), fault: Fault::default() }
    }
}

/// A refusal, as RFC 9457 has it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct Document<'a> {
    /// What the status means.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What is wrong, in a sentence.
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    /// What is wrong with each field, at most 32.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldProblem],
}

impl Problem {
    /// A problem with a sentence about it; an empty one is left out.
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, detail: detail.into(), errors: Vec::new(), wait: None }
    }

    /// A body that can be read but not accepted.
    pub fn fields(errors: Vec<FieldProblem>) -> Self {
        let detail = "The body has fields that cannot be accepted.".into();
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, detail, errors, wait: None }
    }

    /// No key or a wrong one. It says no more than that.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "")
    }

    /// Too much of something; after a time it is not.
    pub fn too_much(detail: &'static str, wait: Duration) -> Self {
        Self { wait: Some(wait), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// What is wrong with a part of a body, such as `rows[3]`: its fields, or the part itself.
    pub fn errors_of(self, place: &str) -> Vec<FieldProblem> {
        if self.errors.is_empty() {
            let is_unread = self.status == StatusCode::BAD_REQUEST;
            let problem =
                if is_unread { "has a number or a text that cannot be read".into() } else { self.detail.into_owned() };
            return vec![FieldProblem::new(place, problem)];
        }
        let below = |field: &str| if field.is_empty() { place.to_owned() } else { format!("{place}.{field}") };
        self.errors.into_iter().map(|error| FieldProblem { field: below(&error.field), ..error }).collect()
    }

    /// What is wrong with fields, to be counted.
    pub fn faults(&self) -> impl Iterator<Item = Fault> {
        self.errors.iter().map(|error| error.fault)
    }

    fn document(&self) -> Vec<u8> {
        let title = self.status.canonical_reason().unwrap_or("Refused");
        let document = Document { title, status: self.status.as_u16(), detail: &self.detail, errors: &self.errors };
        serde_json::to_vec(&document).unwrap_or_default()
    }

    fn extra_header(&self) -> Option<(header::HeaderName, &'static str)> {
        match self.status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "ApiKey")),
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, "2")),
            // What is left of the body is not read, so the connection cannot be used again.
            StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE => Some((header::CONNECTION, "close")),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        let (extra, wait) = (self.extra_header(), self.wait);
        let mut response = (self.status, content_type, self.document()).into_response();
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        if let Some(wait) = wait {
            let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_without_detail_says_only_title_and_status() {
        assert_eq!(Problem::unauthorized().document(), br#"{"title":"Unauthorized","status":401}"#);
    }

    #[test]
    fn problem_of_fields_names_each_field() {
        let problem = Problem::fields(vec![FieldProblem::new("age", "must be a number")]);
        let text = String::from_utf8(problem.document()).unwrap();
        assert_eq!(
            text,
            r#"{"title":"Unprocessable Entity","status":422,"detail":"The body has fields that cannot be accepted.","errors":[{"field":"age","problem":"must be a number"}]}"#
        );
    }
}
