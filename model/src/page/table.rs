//! Tables: a caption, heads, rows; numbers to the right so that their digits stand below each other. A table that is wider
//! than the screen scrolls by itself, never the page.

use super::Html;

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it shows, in a sentence.
    pub caption: String,
    /// Names of the columns; those of numbers stand to the right.
    pub head: Vec<(String, Text)>,
    /// The rows: a cell for each column. The first cell is the row's name.
    pub rows: Vec<Row>,
}

/// A row of a table.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its cells.
    pub cells: Vec<Html>,
    /// Whether it is the row that matters most.
    pub is_main: bool,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// Words.
    Words,
    /// Numbers.
    Numbers,
}

impl Text {
    /// Words stand where all text stands; only numbers have a class.
    fn cell(self, tag: &'static str, scope: Option<&'static str>, inner: Html) -> Html {
        let class = (self == Self::Numbers).then_some(("class", "numbers"));
        let attributes: Vec<_> = scope.map(|scope| ("scope", scope)).into_iter().chain(class).collect();
        Html::element(tag, &attributes, inner)
    }
}

impl Table {
    /// A table without rows; the first column holds words, all others what is said.
    pub fn new(caption: &str, first: &str, others: &[(&str, Text)]) -> Self {
        let others = others.iter().map(|(name, text)| ((*name).to_owned(), *text));
        let head = std::iter::once((first.to_owned(), Text::Words)).chain(others).collect();
        Self { caption: caption.to_owned(), head, rows: Vec::new() }
    }

    /// The table with one more row.
    pub fn row(mut self, cells: Vec<Html>) -> Self {
        self.rows.push(Row { cells, is_main: false });
        self
    }

    /// The table as markup.
    pub fn html(&self) -> Html {
        let head = self.head.iter().map(|(name, text)| text.cell("th", Some("col"), Html::of(name)));
        let head = Html::element("thead", &[], Html::element("tr", &[], head.collect()));
        let rows = Html::element("tbody", &[], self.rows.iter().map(|row| self.line(row)).collect());
        let table = Html::element("table", &[], self.caption().and(head).and(rows));
        Html::element(
            "div",
            &[("class", "wide"), ("role", "region"), ("aria-label", &self.caption), ("tabindex", "0")],
            table,
        )
    }

    /// The caption stays in view when the table scrolls.
    fn caption(&self) -> Html {
        Html::element("caption", &[], Html::tag("span", &self.caption))
    }

    fn line(&self, row: &Row) -> Html {
        let cells = self.head.iter().zip(&row.cells).enumerate().map(|(place, ((_, text), cell))| {
            let (tag, scope) = if place == 0 { ("th", Some("row")) } else { ("td", None) };
            text.cell(tag, scope, cell.clone())
        });
        let cells = cells.collect();
        if row.is_main { Html::element("tr", &[("class", "main")], cells) } else { Html::element("tr", &[], cells) }
    }
}
