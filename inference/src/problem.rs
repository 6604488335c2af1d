//! Refusals as `application/problem+json` (RFC 9457). A problem names fields and bounds; it never repeats a value that
//! was sent.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::borrow::Cow;

/// A refusal and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    detail: Cow<'static, str>,
    errors: Vec<FieldProblem>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// Path of the field in the body; empty for the body itself.
    pub field: String,
    /// What is wrong, as the end of a sentence that starts with the field.
    pub problem: String,
}

#[derive(Serialize)]
struct Document<'a> {
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldProblem],
}

impl Problem {
    /// A problem with a sentence about it; an empty one is left out.
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, detail: detail.into(), errors: Vec::new() }
    }

    /// A body that can be read but not accepted.
    pub fn fields(errors: Vec<FieldProblem>) -> Self {
        let detail = "The body has fields that cannot be accepted.".into();
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, detail, errors }
    }

    /// No key or a wrong one. It says no more than that.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "")
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
        let mut response = (self.status, content_type, self.document()).into_response();
        if let Some((name, value)) = self.extra_header() {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
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
        let problem = Problem::fields(vec![FieldProblem { field: "age".into(), problem: "must be a number".into() }]);
        let text = String::from_utf8(problem.document()).unwrap();
        assert_eq!(
            text,
            r#"{"title":"Unprocessable Entity","status":422,"detail":"The body has fields that cannot be accepted.","errors":[{"field":"age","problem":"must be a number"}]}"#
        );
    }
}
