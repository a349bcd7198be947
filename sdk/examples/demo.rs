// SPDX-License-Identifier: Apache-2.0
// The smallest plugin in Rust: one device, one temperature, read from a file. No crate is needed: the
// ABI is C, and what this plugin uses of it is declared here. The layouts are those of abi.h,
// devices.h and telemetry.h, which never change.
#![allow(non_upper_case_globals)]

use std::os::raw::{c_char, c_void};
use std::{panic, ptr, slice};

const OK: i32 = 0;
const INVALID: i32 = 3;
const HOST_TOO_OLD: i32 = 8;
const INTERNAL: i32 = 9;
const KEY: &str = "demo-rs-0";
const HANDLE: u32 = 0;
const TEMPERATURE: u32 = 0;

#[repr(C)]
#[derive(Clone, Copy)]
struct Str {
    ptr: *const c_char,
    len: u32,
    reserved0: u32,
}

const fn text(from: &'static str) -> Str {
    Str { ptr: from.as_ptr() as *const c_char, len: from.len() as u32, reserved0: 0 }
}
const NOTHING: Str = Str { ptr: ptr::null(), len: 0, reserved0: 0 };

impl Str {
    unsafe fn is(&self, other: &str) -> bool {
        self.len as usize == other.len()
            && slice::from_raw_parts(self.ptr as *const u8, other.len()) == other.as_bytes()
    }
}

#[repr(C)]
struct Error {
    struct_size: u32,
    code: i32,
    vendor_code: i64,
    text: [u8; 256],
}

#[repr(C)]
struct Call {
    struct_size: u32,
    device: u32,
    deadline_boottime_ns: u64,
    call_id: u64,
    sink: *mut c_void,
    err: *mut Error,
}

#[repr(C)]
struct Host {
    struct_size: u32,
    abi_major: u16,
    abi_minor: u16,
    features: u64,
    ctx: *mut c_void,
    log: *const c_void,
    emit: Option<unsafe extern "C" fn(*mut c_void, *mut c_void, *const c_void) -> i32>,
}

#[repr(C)]
struct Config {
    struct_size: u32,
    setting_count: u32,
    settings: *const c_void,
    excluded_keys: *const Str,
    excluded_count: u32,
    reserved0: u32,
}

#[repr(C)]
struct Device {
    struct_size: u32,
    kind: u32,
    handle: u32,
    device_kind: i32,
    state: i32,
    numa_node: i32,
    index: i32,
    reserved0: u32,
    texts: [Str; 9], // key vendor model serial uuid pci firmware driver note
    memory_bytes: u64,
}

#[repr(C)]
struct Metric {
    struct_size: u32,
    kind: u32,
    id: u32,
    metric_kind: i32,
    unit: i32,
    interval_ms: u32,
    texts: [Str; 4], // name label label_value help
}

#[repr(C)]
struct Sample {
    struct_size: u32,
    kind: u32,
    id: u32,
    status: i32,
    value: f64,
    boottime_ns: u64,
}

struct Demo {
    host: *const Host,
    excluded: bool,
}

// What a call does, with a panic stopped at the C frame.
unsafe fn guarded(err: *mut Error, body: impl FnOnce() -> Result<(), (i32, &'static str)>) -> i32 {
    let outcome = panic::catch_unwind(panic::AssertUnwindSafe(body));
    let (code, sentence) = match outcome {
        Ok(Ok(())) => return OK,
        Ok(Err(failure)) => failure,
        Err(_) => (INTERNAL, "a panic inside the plugin"),
    };
    (*err).code = code;
    let length = sentence.len().min(255);
    (&mut (*err).text)[..length].copy_from_slice(&sentence.as_bytes()[..length]);
    (&mut (*err).text)[length] = 0;
    code
}

unsafe fn emit<T>(demo: *const c_void, call: *const Call, record: &T) -> Result<(), (i32, &'static str)> {
    let host = &*(*(demo as *const Demo)).host;
    let status = host.emit.unwrap()(host.ctx, (*call).sink, record as *const T as *const c_void);
    if status == OK { Ok(()) } else { Err((status, "the host did not take a record")) }
}

unsafe fn require(call: *const Call) -> Result<(), (i32, &'static str)> {
    if (*call).device == HANDLE { Ok(()) } else { Err((INVALID, "there is no such device")) }
}

unsafe extern "C" fn enumerate(this: *mut c_void, call: *const Call) -> i32 {
    guarded((*call).err, || {
        if (*(this as *const Demo)).excluded {
            return Ok(());
        }
        let mut texts = [NOTHING; 9];
        texts[0] = text(KEY);
        texts[2] = text("Demo One");
        let size = std::mem::size_of::<Device>() as u32;
        emit(this, call, &Device { struct_size: size, kind: 1, handle: HANDLE, device_kind: 1, state: 0,
            numa_node: -1, index: -1, reserved0: 0, texts, memory_bytes: 0 })
    })
}

unsafe extern "C" fn metrics(this: *mut c_void, call: *const Call) -> i32 {
    guarded((*call).err, || {
        require(call)?;
        let texts = [text("temperature"), NOTHING, NOTHING, text("Of the demonstration.")];
        let size = std::mem::size_of::<Metric>() as u32;
        emit(this, call, &Metric { struct_size: size, kind: 3, id: TEMPERATURE, metric_kind: 1, unit: 1,
            interval_ms: 0, texts })
    })
}

fn read() -> Option<f64> {
    let line = std::fs::read_to_string("/sys/class/thermal/thermal_zone0/temp").ok()?;
    line.trim().parse::<f64>().ok().map(|milli| milli / 1000.0)
}

unsafe extern "C" fn sample(this: *mut c_void, call: *const Call, ids: *const u32, count: u32) -> i32 {
    guarded((*call).err, || {
        require(call)?;
        for i in 0..count as usize {
            let id = *ids.add(i);
            let value = if id == TEMPERATURE { read() } else { None };
            let size = std::mem::size_of::<Sample>() as u32;
            emit(this, call, &Sample { struct_size: size, kind: 4, id,
                status: if value.is_some() { 0 } else { 1 }, value: value.unwrap_or(0.0), boottime_ns: 0 })?;
        }
        Ok(())
    })
}

unsafe extern "C" fn create(host: *const Host, config: *const Config, this: *mut *mut c_void, err: *mut Error) -> i32 {
    guarded(err, || {
        let whole = (*host).struct_size as usize >= std::mem::size_of::<Host>();
        if !whole || (*host).emit.is_none() {
            return Err((HOST_TOO_OLD, "the host has no 'emit'"));
        }
        let told = (*config).struct_size as usize >= std::mem::size_of::<Config>();
        let count = if told { (*config).excluded_count as usize } else { 0 };
        let excluded = (0..count).any(|i| (*(*config).excluded_keys.add(i)).is(KEY));
        *this = Box::into_raw(Box::new(Demo { host, excluded })) as *mut c_void;
        Ok(())
    })
}

unsafe extern "C" fn query(_this: *mut c_void, id: Str) -> *const c_void {
    if id.is("farmhand.devices/1") {
        return &DEVICES as *const Devices as *const c_void;
    }
    if id.is("farmhand.telemetry/1") {
        return &TELEMETRY as *const Telemetry as *const c_void;
    }
    ptr::null()
}

unsafe extern "C" fn start(_this: *mut c_void, _err: *mut Error) -> i32 {
    OK
}

unsafe extern "C" fn stop(_this: *mut c_void, _err: *mut Error) -> i32 {
    OK
}

unsafe extern "C" fn destroy(this: *mut c_void) {
    drop(Box::from_raw(this as *mut Demo));
}

#[repr(C)]
struct Devices {
    struct_size: u32,
    reserved0: u32,
    enumerate: unsafe extern "C" fn(*mut c_void, *const Call) -> i32,
}
static DEVICES: Devices = Devices { struct_size: 16, reserved0: 0, enumerate };

#[repr(C)]
struct Telemetry {
    struct_size: u32,
    reserved0: u32,
    metrics: unsafe extern "C" fn(*mut c_void, *const Call) -> i32,
    sample: unsafe extern "C" fn(*mut c_void, *const Call, *const u32, u32) -> i32,
}
static TELEMETRY: Telemetry = Telemetry { struct_size: 24, reserved0: 0, metrics, sample };

#[repr(C)]
pub struct Descriptor {
    struct_size: u32,
    reserved0: u32,
    id: Str,
    vendor: Str,
    version: Str,
}

#[repr(C)]
pub struct Entry {
    struct_size: u32,
    abi_major: u16,
    abi_minor: u16,
    required_host_features: u64,
    flags: u64,
    descriptor: &'static Descriptor,
    create: unsafe extern "C" fn(*const Host, *const Config, *mut *mut c_void, *mut Error) -> i32,
    query: unsafe extern "C" fn(*mut c_void, Str) -> *const c_void,
    start: unsafe extern "C" fn(*mut c_void, *mut Error) -> i32,
    stop: unsafe extern "C" fn(*mut c_void, *mut Error) -> i32,
    destroy: unsafe extern "C" fn(*mut c_void),
}

// They are read only.
unsafe impl Sync for Descriptor {}
unsafe impl Sync for Entry {}

static DESCRIPTOR: Descriptor =
    Descriptor { struct_size: 56, reserved0: 0, id: text("demo-rs"), vendor: text("acme"), version: text("1.0") };

#[no_mangle]
pub static farmhand_plugin_v1: Entry = Entry { struct_size: 72, abi_major: 1, abi_minor: 0,
    required_host_features: 0, flags: 0, descriptor: &DESCRIPTOR, create, query, start, stop, destroy };
