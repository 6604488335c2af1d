//! Numbers, scales, charts and the safety of what is written.

use super::{number::*, *};

#[test]
fn whatever_a_text_says_it_stays_text() {
    let hostile = "</title><script>alert('x')</script> & \"quoted\"\u{0}";
    let page = Html::element("p", &[("class", hostile)], Html::of(hostile));
    assert_eq!(page.as_str().matches('<').count(), 2);
    assert_eq!(page.as_str().matches('"').count(), 2);
    let whole = document(hostile, &page);
    assert!(!whole.contains("<script") && !whole.contains('\u{0}'));
}

#[test]
fn embedded_json_stays_the_same_value_and_ends_nothing() {
    let text = "{\"a\":\"</script><!--<script>alert(1)\"}";
    let element = Html::json("report", text);
    assert_eq!(element.as_str().matches('<').count(), 2);
    let inner = element.as_str().split_once('>').and_then(|(_, rest)| rest.strip_suffix("</script>")).unwrap();
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(value(inner), value(text));
    assert!(sealed_document("t", "", &element).contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""));
}

#[test]
fn numbers_read_well() {
    assert_eq!(decimal(-0.0004, 3), "0.000");
    assert_eq!(decimal(-0.5, 2), "−0.50");
    assert_eq!(signed(0.0312, 3), "+0.031");
    assert_eq!(signed(0.0001, 3), "0.000");
    assert_eq!(percent(0.1234, 1), "12.3 %");
    assert_eq!([decimal(f64::NAN, 2), percent(f64::INFINITY, 0)], [NONE, NONE]);
    assert_eq!([count(999), count(1234567)], ["999", "1\u{202f}234\u{202f}567"]);
}

#[test]
fn ticks_are_round_numbers_inside_the_axis() {
    let scale = |low, high, unit| Scale { low, high, unit, from: 0.0, to: 100.0 };
    let names = |scale: Scale| scale.ticks().into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(names(scale(0.0, 1.0, Unit::Percent)), ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
    assert_eq!(names(scale(-0.013, 0.031, Unit::Number)), ["−0.01", "0.00", "0.01", "0.02", "0.03"]);
    assert_eq!(names(scale(0.45, 2.2, Unit::Ratio)), ["0.5", "0.8", "1", "1.2", "1.5", "2"]);
    for (low, high) in [(0.0, 0.0), (1.0, f64::NAN), (f64::NEG_INFINITY, f64::INFINITY), (1e-300, 1e300), (5.0, 1.0)] {
        for unit in [Unit::Number, Unit::Percent, Unit::Ratio] {
            assert!(scale(low, high, unit).ticks().len() <= 21);
            assert!(scale(low, high, unit).place(0.3).is_finite());
        }
    }
}

#[test]
fn a_scale_places_ends_middle_and_what_is_beyond() {
    let scale = Scale { low: 0.25, high: 4.0, unit: Unit::Ratio, from: 0.0, to: 100.0 };
    assert_eq!(
        [0.25, 1.0, 4.0, 9.0, f64::NAN].map(|number| scale.place(number).round()),
        [0.0, 50.0, 100.0, 100.0, 0.0]
    );
}

fn chart(layers: Vec<Layer>) -> Chart {
    Chart {
        id: "c",
        title: "<t>".into(),
        description: "d".into(),
        x: Axis::shares("x", 0.0, 1.0),
        y: Axis::shares("y", 0.0, 1.0),
        layers,
    }
}

#[test]
fn a_chart_says_what_it_shows_and_survives_numbers_that_are_none() {
    let points = vec![(0.0, 0.0), (f64::NAN, 0.5), (0.5, f64::INFINITY), (1.0, 1.0)];
    let shapes = [
        Shape::Line(points.clone()),
        Shape::Step(points),
        Shape::Rule(f64::NAN),
        Shape::Dot(f64::NAN, 0.0),
        Shape::Bars(vec![(0.0, 0.1, f64::NAN)]),
        Shape::Intervals(vec![(0.1, 0.1, f64::NAN, 0.3)]),
        Shape::Band(vec![]),
    ];
    let layers = shapes.map(|shape| Layer { shape, ink: Ink::Second, name: Some("n".into()) });
    let svg = chart(layers.to_vec()).svg();
    assert!(svg.as_str().contains("role=\"img\"") && svg.as_str().contains("aria-labelledby=\"c-title c-text\""));
    assert!(svg.as_str().contains("<title id=\"c-title\">&lt;t&gt;</title><desc id=\"c-text\">d</desc>"));
    assert!(!svg.as_str().contains("NaN") && !svg.as_str().contains("inf"));
}

#[test]
fn names_stand_off_each_other_and_off_other_lines() {
    let line = |lift: f64| Shape::Line(vec![(0.0, lift), (0.4, 0.5 + lift), (1.0, 0.6 + lift)]);
    let layers = [("candidate 0.78", 0.06), ("production 0.74", 0.0), ("nobody knows", -0.05)];
    let layers = layers.map(|(name, lift)| Layer { shape: line(lift), ink: Ink::First, name: Some(name.into()) });
    let svg = chart(layers.to_vec()).svg();
    let names = svg.as_str().split("class=\"name").count() - 1;
    assert_eq!(names, 3);
    let frame = label::Frame { left: 0.0, top: 0.0, right: 400.0, bottom: 300.0 };
    let lines: Vec<Vec<(f64, f64)>> = [100.0, 112.0, 124.0].map(|y| label::dense(&[(0.0, y), (400.0, y)])).to_vec();
    let found = label::places(&[(0, 40.0), (2, 40.0), (1, 60.0)], &lines, frame);
    let is_free = |(_, baseline): (f64, f64)| !(98.0..=136.0).contains(&baseline);
    assert!(is_free(found[0]) && is_free(found[1]), "{found:?}");
    assert!(found[0] != found[2] && found[1] != found[2]);
}

#[test]
fn a_table_has_a_caption_and_names_its_rows_and_columns() {
    let table = Table::new("c", "metric", &[("value", Text::Numbers)]).row(vec![Html::of("a"), Html::of("1")]).html();
    let expected = "<th scope=\"row\">a</th><td class=\"numbers\">1</td>";
    assert!(table.as_str().contains("<caption><span>c</span></caption>") && table.as_str().contains(expected));
}
