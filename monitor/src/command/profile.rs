//! `profile`: keeps a reference as sorted columns, so that later comparisons neither parse nor sort it. It compares nothing.

use super::{
    Arguments,
    drift::write,
    sides::{digest_of, roles, schema},
};
use crate::{
    failure::Failure,
    frame::{profile, read},
    spec,
};
use std::path::Path;

/// Its lines of the help.
pub const HELP: &str = "--reference FILE --out FILE [--spec model.yaml] [--bundle FILE] [--patient COLUMN] [--risk COLUMN]
               keeps a reference as sorted columns for --reference of drift, which is then read and sorted no more; give the
               options that drift is given. --bundle names the bundle it belongs to";

/// Does it.
pub fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let (reference, out) = (arguments.needed("reference")?, arguments.needed("out")?);
    let spec = arguments.optional("spec").map(spec::read).transpose()?;
    let roles = roles(arguments, spec.as_ref());
    let schema = schema(spec.as_ref(), reference, roles)?;
    let bundle = arguments.optional("bundle").map(digest_of).transpose()?;
    let frame = read(Path::new(reference), reference, (&schema, roles))?;
    write(Path::new(out), &profile(&frame, &schema, bundle.as_deref()))?;
    super::print(&format!("{} rows and {} columns kept in {out}\n", frame.rows, frame.columns.len()))?;
    Ok(0)
}
