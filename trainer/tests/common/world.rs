//! A world for thousands of gates: patients with a true logit of dropout at every landmark day, and models that are noisy
//! views of it. Nothing is trained, so that a gate takes milliseconds; every model is calibrated unless a test shifts it.
//!
//! A patient has the logit z = -2 + 1.2 x + 0.5 y on days 14, 28, 56, 84 and 112, x standard normal by patient and y by
//! day. On each day the patient drops out within the horizon with probability 1 / (1 + e^-z), and then has no later row:
//! 3.7 rows a patient, 14 % of rows and 52 % of patients are dropouts. A model sees z with noise of its own and with noise
//! that it shares with other models (what no feature tells), and says the expected outcome given that.

use dropout_model::{
    bundle::logistic,
    gate::{Case, Judgement, Risks, find, judge},
    manifest::{Gate, Metric},
    metric::{Operation, Scored, bootstrap::Resamples, flag, value},
    random::Stream,
    rows::{Day, Rows},
    task::{Looked, Outcome},
};

/// The landmark days of the shared trials.
const LANDMARKS: [&str; 5] = ["14", "28", "56", "84", "112"];
const INTERCEPT: f64 = -2.0;
const BY_PATIENT: f64 = 1.2;
const BY_DAY: f64 = 0.5;
/// Standard deviation of the noise that all models share.
const SHARED: f64 = 0.7;
/// Standard deviation of a usual model's own noise.
pub const OWN: f64 = 0.5;

/// Resamples of the simulation: as many for each deciding metric as its level needs, and few for those that are only
/// told. The product draws at least 2,000 for all.
pub const RESAMPLES: Resamples = Resamples { least: 20, most: 20_000 };

/// How many gates a test runs: `usual`, or as DROPOUT_GATE_RUNS says.
pub fn runs(usual: usize) -> usize {
    std::env::var("DROPOUT_GATE_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Standard normal numbers in a row.
pub struct Normals {
    stream: Stream,
    drawn: u64,
}

impl Normals {
    pub fn new(seed: u64, part: u64) -> Self {
        Self { stream: Stream::new(seed).part(part), drawn: 0 }
    }

    pub fn unit(&mut self) -> f64 {
        self.drawn += 1;
        self.stream.unit(self.drawn)
    }

    /// Box and Muller, Annals of Mathematical Statistics 1958.
    pub fn next(&mut self) -> f64 {
        let (a, b) = (1.0 - self.unit(), self.unit());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }
}

/// Patients with their rows, true logits, and the shared noise of models.
#[derive(Clone)]
pub struct Trial {
    pub rows: Rows,
    /// By row: the logit by which outcomes were drawn.
    pub logit: Vec<f64>,
    /// By row: the logit that a model believes in which was trained before the concept drifted; the true one without
    /// drift.
    pub before: Vec<f64>,
    pub shared: Vec<f64>,
}

/// Who is in a trial.
#[derive(Clone, Copy)]
pub enum Size {
    Rows(usize),
    Patients(usize),
}

impl Trial {
    /// A trial. With `drift` (0 to 1) that much of the variance between patients comes from something that did not matter
    /// before.
    pub fn new(seed: u64, size: Size, drift: f64) -> Self {
        let mut trial = Self { rows: Rows::default(), logit: vec![], before: vec![], shared: vec![] };
        trial.rows.landmarks = LANDMARKS.map(str::to_owned).to_vec();
        let mut normal = Normals::new(seed, 1);
        loop {
            let is_full = match size {
                Size::Rows(rows) => trial.rows.len() >= rows,
                Size::Patients(patients) => trial.rows.patients.len() >= patients,
            };
            if is_full {
                return trial;
            }
            trial.enrol(&mut normal, drift);
        }
    }

    fn enrol(&mut self, normal: &mut Normals, drift: f64) {
        let patient = self.rows.patients.len() as u32;
        self.rows.patients.push(format!("P-{patient}"));
        let (known, new, shared) = (normal.next(), normal.next(), SHARED * normal.next());
        let truth = (1.0 - drift).sqrt() * known + drift.sqrt() * new;
        for landmark in 0..LANDMARKS.len() as u32 {
            let day = INTERCEPT + BY_DAY * normal.next();
            let logit = day + BY_PATIENT * truth;
            let label = normal.unit() < logistic(logit);
            self.rows.patient.push(patient);
            self.rows.landmark.push(landmark);
            self.rows.label.push(label);
            self.logit.push(logit);
            self.before.push(day + BY_PATIENT * known);
            self.shared.push(shared);
            if label {
                return;
            }
        }
    }

    /// Calibrated risks of a model with some noise of its own.
    pub fn view(&self, own: f64, seed: u64) -> Vec<f64> {
        self.seen(&self.logit, own, seed)
    }

    /// Risks of a model that was trained before the concept drifted, and was calibrated then.
    pub fn stale_view(&self, own: f64, seed: u64) -> Vec<f64> {
        self.seen(&self.before, own, seed)
    }

    /// The expected outcome given a logit with normal noise: the logit is normal given what is seen, and its logistic mean
    /// is taken by the approximation of MacKay (Neural Computation 1992), within 0.01.
    fn seen(&self, logit: &[f64], own: f64, seed: u64) -> Vec<f64> {
        let mut normal = Normals::new(seed, 2);
        let by_patient: Vec<f64> = self.rows.patients.iter().map(|_| 0.8 * own * normal.next()).collect();
        let (spread, noise) = (BY_PATIENT * BY_PATIENT + BY_DAY * BY_DAY, SHARED * SHARED + own * own);
        let left = spread * noise / (spread + noise);
        let risk = |row: usize| {
            let own = by_patient[self.rows.patient[row] as usize] + 0.6 * own * normal.next();
            let seen = logit[row] + self.shared[row] + own;
            let mean = INTERCEPT + spread / (spread + noise) * (seen - INTERCEPT);
            logistic(mean / (1.0 + std::f64::consts::PI * left / 8.0).sqrt())
        };
        (0..self.rows.len()).map(risk).collect()
    }

    /// The threshold that flags a share of dropouts.
    pub fn threshold(&self, risk: &[f64], recall: f64) -> f64 {
        let mut dropouts: Vec<f64> =
            risk.iter().zip(&self.rows.label).filter(|(_, label)| **label).map(|(risk, _)| *risk).collect();
        dropouts.sort_by(f64::total_cmp);
        dropouts[((1.0 - recall) * dropouts.len() as f64) as usize]
    }

    pub fn places(&self) -> Vec<usize> {
        (0..self.rows.len()).collect()
    }

    /// Both models' values of a metric.
    pub fn values(&self, metric: Metric, models: [(&[f64], f64); 2]) -> [f64; 2] {
        let scored = models.map(|(risk, _)| Scored::new(risk.to_vec(), &self.rows));
        let even = scored[0].even();
        let capacity = flag::alert_rate(&scored[1], &even, models[1].1);
        [0, 1].map(|n| value(metric, &scored[n], &even, Operation { threshold: models[n].1, capacity }))
    }
}

/// The threshold for a recall of a usual model, from a large trial: what a training resolves out of fold.
pub fn usual_threshold(own: f64, recall: f64) -> f64 {
    let trial = Trial::new(77, Size::Patients(40_000), 0.0);
    trial.threshold(&trial.view(own, 78), recall)
}

/// One comparison on a holdout that is the whole trial.
pub struct Round<'a> {
    pub gate: &'a Gate,
    pub trial: &'a Trial,
    pub candidate: (&'a [f64], f64),
    pub production: (&'a [f64], f64),
    pub looked: Option<Looked>,
    pub seed: i64,
}

impl Round<'_> {
    fn judged(&self, looked: Option<Looked>, resamples: Resamples) -> Judgement {
        let holdout = self.trial.places();
        let risks = |(risk, threshold)| Risks { risk, threshold };
        let case = Case {
            rows: &self.trial.rows,
            holdout: &holdout,
            training: None,
            candidate: risks(self.candidate),
            production: Some(risks(self.production)),
            cutoff: None,
            looked,
            seed: self.seed,
            resamples,
        };
        judge(self.gate, &find(self.gate, &case))
    }

    /// Whether the gate passes the candidate. A later look is only made if the candidate would pass at the first one,
    /// which asks for less.
    pub fn passes(&self) -> bool {
        passes(|resamples| self.judged(None, resamples))
            && (self.looked.is_none() || self.judged(self.looked, RESAMPLES).outcome == Outcome::Passed)
    }
}

/// Whether a gate passes. Most candidates without a gain fail by their estimate alone, or for want of evidence: a few
/// draws tell that, and no number of them could change it.
pub fn passes(judged: impl Fn(Resamples) -> Judgement) -> bool {
    let few = judged(Resamples { least: 20, most: 20 });
    let is_settled = few.reason == "MarginNotMet" || few.outcome == Outcome::Inconclusive;
    !is_settled && judged(RESAMPLES).outcome == Outcome::Passed
}

/// A day of a year, for recent patients and others.
pub fn day(year: u32) -> Day {
    Day::read(&format!("{year}-01-01")).unwrap()
}

/// The largest and the smallest share of passes that is in keeping with what was seen, at 97.5 % each (Wilson, Journal of
/// the American Statistical Association 1927).
fn bounds(passed: usize, runs: usize) -> (f64, f64) {
    let (n, z) = (runs as f64, 1.96);
    let share = passed as f64 / n;
    let (middle, scale) = (share + z * z / (2.0 * n), 1.0 + z * z / n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    ((middle - half) / scale, (middle + half) / scale)
}

/// The lines of a table, and those of them that say what may not be.
#[derive(Default)]
pub struct Lines {
    wrong: Vec<String>,
}

/// What a line must show.
#[derive(Clone, Copy)]
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
    Never,
    None,
}

impl Lines {
    /// Counts passes over runs, prints a line, and keeps it if the bound of the share is not on the right side.
    pub fn line(
        &mut self,
        (what, bound, runs): (&str, Bound, usize),
        mut passes: impl FnMut(u64) -> bool,
    ) -> (f64, f64) {
        let passed = (0..runs as u64).filter(|run| passes(*run)).count();
        let (low, high) = bounds(passed, runs);
        let (asked, is_right) = match bound {
            Bound::AtMost(most) => (format!("at most {:.0} %", 100.0 * most), high <= most),
            Bound::AtLeast(least) => (format!("at least {:.0} %", 100.0 * least), low >= least),
            Bound::Never => ("never".to_owned(), passed == 0),
            Bound::None => ("not bounded".to_owned(), true),
        };
        let share = 100.0 * passed as f64 / runs as f64;
        let (from, to) = (100.0 * low.max(0.0), 100.0 * high);
        let line =
            format!("| {what:<76} | {asked:<13} | {passed:>4} of {runs:>4} = {share:>5.1} % ({from:.1} to {to:.1}) |");
        println!("{line}");
        if !is_right {
            self.wrong.push(line);
        }
        (low, high)
    }

    /// Fails if a line says what may not be.
    pub fn check(self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }
}
