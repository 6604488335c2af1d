//! Pages that people read and print: markup that cannot be broken by what it says, tables, and charts as inline SVG. A page
//! has no script, names no other file, and shows no number that it was not given.

pub mod chart;
pub mod crowd;
mod draw;
pub mod forest;
mod label;
pub mod number;
pub mod scale;
pub mod table;

pub use chart::{Axis, Chart, Ink, Layer, Shape};
pub use crowd::{Crowd, Mark};
pub use forest::{Forest, Line};
pub use scale::{Scale, Unit};
pub use table::{Table, Text};

/// Markup. Whatever text gets in is escaped and every element is closed, so it is well-formed whatever it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(String);

/// Names of attributes with their values.
pub type Attributes<'a> = [(&'static str, &'a str)];

impl Html {
    /// No markup yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Text as it reads.
    pub fn of(text: &str) -> Self {
        Self(escape(text))
    }

    /// An element with what is inside it.
    pub fn element(tag: &'static str, attributes: &Attributes<'_>, inner: Self) -> Self {
        Self(format!("<{tag}{}>{}</{tag}>", written(attributes), inner.0))
    }

    /// A shape of SVG, which has nothing inside and is closed in fewer letters.
    pub fn shape(tag: &'static str, attributes: &Attributes<'_>) -> Self {
        Self(format!("<{tag}{}/>", written(attributes)))
    }

    /// An element of text without attributes.
    pub fn tag(tag: &'static str, text: &str) -> Self {
        Self::element(tag, &[], Self::of(text))
    }

    /// The markup followed by other markup.
    pub fn and(mut self, next: Self) -> Self {
        self.0.push_str(&next.0);
        self
    }

    /// The markup inside an element with a class.
    pub fn inside(self, tag: &'static str, class: &str) -> Self {
        Self::element(tag, &[("class", class)], self)
    }

    /// JSON for machines, in a script element that no browser runs. The text parses to the same value: `<` stands in strings
    /// of JSON only, and is written there by its number, so that no text ends the element or opens a comment in it.
    pub fn json(id: &str, text: &str) -> Self {
        let safe = text.replace('<', "\\u003c");
        Self(format!("<script type=\"application/json\" id=\"{}\">{safe}</script>", escape(id)))
    }

    /// The markup as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<I: IntoIterator<Item = Html>>(parts: I) -> Self {
        parts.into_iter().fold(Self::new(), Self::and)
    }
}

/// A whole page with its style; `body` is what it says.
pub fn document(title: &str, body: &Html) -> String {
    whole(title, ("", ""), body)
}

/// A whole page with a style of its own beside the common one, that by its own policy loads nothing and runs nothing.
pub fn sealed_document(title: &str, style: &'static str, body: &Html) -> String {
    const POLICY: &str =
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
    whole(title, (POLICY, style), body)
}

fn whole(title: &str, (policy, style): (&'static str, &'static str), body: &Html) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{policy}<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{}{style}</style>\n</head>\n<body>\n{}\n</body>\n</html>\n",
        escape(title),
        include_str!("style.css"),
        body.0
    )
}

/// A section with a heading; `id` is what links inside the page name.
pub fn section(id: &str, heading: &str, inner: Html) -> Html {
    let label = format!("{id}-heading");
    let heading = Html::element("h2", &[("id", &label)], Html::of(heading));
    // A line of its own: a change of one section is a change of one line in a golden file.
    Html("\n".into()).and(Html::element("section", &[("id", id), ("aria-labelledby", &label)], heading.and(inner)))
}

/// A chart with its caption.
pub fn figure(drawing: Html, caption: &str) -> Html {
    Html::element("figure", &[], drawing.and(Html::tag("figcaption", caption)))
}

/// Text that is safe inside an element and inside a quoted attribute. Control characters, which no page may hold, become
/// a replacement character.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(' '),
            other if other.is_control() => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

fn written(attributes: &Attributes<'_>) -> String {
    attributes.iter().map(|(name, value)| format!(" {name}=\"{}\"", escape(value))).collect()
}

#[cfg(test)]
mod tests;
