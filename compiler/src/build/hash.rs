//! Names for contents: FNV-1a over 128 bits.
//!
//! It names folders of the cache and tells a damaged file from an intact one. It is no protection against an enemy:
//! whoever can write to the cache can run anything anyway. Also compiled into flowc's own build script.

/// Add contents, then take the name.
#[derive(Clone)]
pub struct Hash(u128);

impl Hash {
    pub fn new() -> Hash {
        Hash(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }

    /// Length included, so that no two lists of parts look alike.
    pub fn add(mut self, part: &[u8]) -> Hash {
        for byte in (part.len() as u64).to_le_bytes().iter().chain(part) {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
        self
    }

    /// 32 hexadecimal digits.
    pub fn name(&self) -> String {
        format!("{:032x}", self.0)
    }
}

/// The name of one file's contents.
pub fn of(bytes: &[u8]) -> String {
    Hash::new().add(bytes).name()
}
