// Types and names of Rust, without its library: what the compiler itself needs is here.
#![feature(no_core, lang_items)]
#![no_core]
#![no_std]
#![no_main]
#![allow(dead_code)]

#[lang = "sized"]
pub trait Sized {}
#[lang = "copy"]
pub trait Copy {}
#[lang = "sync"]
pub trait Sync {}
#[lang = "freeze"]
trait Freeze {}
#[lang = "receiver"]
trait Receiver {}
impl<T: ?Sized> Receiver for &T {}
impl<T: ?Sized> Receiver for &mut T {}
impl<T: ?Sized> Sync for T {}
#[lang = "structural_peq"]
pub trait StructuralPartialEq {}
#[lang = "structural_teq"]
pub trait StructuralEq {}
#[lang = "eq"]
pub trait PartialEq<Rhs: ?Sized = Self> {}
#[lang = "drop_in_place"]
unsafe fn drop_in_place<T: ?Sized>(_: *mut T) {}
#[lang = "destruct"]
pub trait Destruct {}
#[lang = "drop"]
pub trait Drop {
	fn drop(&mut self);
}
#[lang = "unsize"]
pub trait Unsize<T: ?Sized> {}
#[lang = "coerce_unsized"]
pub trait CoerceUnsized<T> {}
impl<'a, 'b: 'a, T: ?Sized + Unsize<U>, U: ?Sized> CoerceUnsized<&'a U> for &'b T {}
impl Copy for u64 {}
impl<T: ?Sized> Copy for &T {}

pub mod percpu {
	pub enum State {
		Idle,
		Running { vcpu: u64, since: u32 },
		Stopped(u8),
	}
	pub enum Maybe<T> {
		None,
		Some(T),
	}
	#[repr(C)]
	pub struct PerCpu {
		pub id: u64,
		pub state: State,
		pub next: Maybe<&'static u64>,
		pub absent: Maybe<&'static u64>,
		pub name: &'static str,
		pub slots: &'static [u16],
		pub pair: (u8, bool),
		pub letter: char,
		pub stopped: State,
		pub idle: State,
		pub words: [u32; 3],
	}
	#[no_mangle]
	pub static ID: u64 = 42;
	static SLOTS: [u16; 3] = [7, 8, 9];
	pub static CPU: PerCpu = PerCpu {
		id: 3,
		state: State::Running { vcpu: 5, since: 6 },
		next: Maybe::Some(&ID),
		absent: Maybe::None,
		name: "hart three",
		slots: &SLOTS,
		pair: (200, true),
		letter: 'R',
		stopped: State::Stopped(9),
		idle: State::Idle,
		words: [1, 2, 3],
	};
	#[inline(never)]
	pub fn look(cpu: &PerCpu, extra: u64) -> u64 {
		let seen = cpu.id;
		touch(seen, extra) // inside look
	}
	#[no_mangle]
	#[inline(never)]
	pub extern "C" fn touch(seen: u64, _extra: u64) -> u64 {
		seen
	}
}

#[no_mangle]
pub extern "C" fn trapped(_frame: u64) {}

#[no_mangle]
pub extern "C" fn main() -> u64 {
	percpu::look(&percpu::CPU, 11)
}
