//! Prints the CRD of `DropoutModel`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!("{}", dropout_crds::schema::dropout_model_yaml()?);
    Ok(())
}
