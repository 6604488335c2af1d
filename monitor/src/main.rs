//! The command line; the work is in the library.

fn main() {
    eprintln!("there is no command yet");
}
