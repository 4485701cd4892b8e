//! Tells the program which sources it was built from.
//!
//! Owns `SQSIM_BUILD`, a hash over `src` and the versions of all dependencies: runs that are kept
//! in a journal belong to the program that made them, and the version alone does not tell two
//! apart. Equal sources give equal hashes on every machine.

use std::path::{Path, PathBuf};
use std::{fs, io};

fn main() -> io::Result<()> {
    let mut files = vec![PathBuf::from("Cargo.lock")];
    collect(Path::new("src"), &mut files)?;
    files.sort();
    // FNV-1a, as it is the same everywhere and short.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in &files {
        // Line ends may be those of another system.
        let name = file.to_string_lossy().replace('\\', "/");
        let text = fs::read(file)?;
        for byte in name.into_bytes().into_iter().chain(text).filter(|byte| *byte != b'\r') {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    println!("cargo::rustc-env=SQSIM_BUILD={hash:016x}");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.lock");
    Ok(())
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|of| ["rs", "ron", "md"].iter().any(|it| of == *it))
        {
            files.push(path);
        }
    }
    Ok(())
}
