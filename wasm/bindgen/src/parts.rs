//! Cuts a module of WebAssembly into a base, which is there from the start, and parts that are fetched when they are first used.
//!
//! A part is entered through its exports, or through functions of certain names; it has what nothing else comes to. It works
//! on the memory of the base, so that no secret is copied between the two. In the base, each of its entries calls through a slot
//! of the table of functions, which the part fills as it starts. What a pointer may lead to is in the base: a part is entered
//! in no other way.
#![expect(clippy::indexing_slicing, reason = "a module that does not hold together must end the build")]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use walrus::ir::{Value, Visitor, dfs_in_order};
use walrus::{
    ConstExpr, ElementItems, ElementKind, ExportItem, FunctionBuilder, FunctionId, FunctionKind, GlobalKind,
    ImportedFunction, Module, ModuleConfig, TableId, ValType,
};

/// Under which name a part imports what it uses of the base.
const BASE: &str = "base";

pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// How the names of its exports begin.
    pub(crate) exports: &'static [&'static str],
    /// How the names of other functions end that only this part has, without angle brackets. Whoever calls one sees to it that
    /// the part is there.
    pub(crate) functions: &'static [&'static str],
}

pub(crate) struct Cut {
    pub(crate) base: Vec<u8>,
    /// The parts, in the order they were asked for.
    pub(crate) parts: Vec<Vec<u8>>,
    /// Which part has an export.
    pub(crate) exports: BTreeMap<String, &'static str>,
}

/// A function, by its place in the module: what is the same in all copies of it.
type Place = usize;

pub(crate) fn cut(wasm: &[u8], parts: &[Part]) -> Result<Cut> {
    let module = parse(wasm)?;
    let plan = Plan::of(&module, parts)?;
    let build = plan.build(wasm);

    let mut imported = BTreeSet::new();
    let mut emitted = Vec::new();
    for (at, Part { name, .. }) in parts.iter().enumerate() {
        let mut module = plan.part(parse(wasm)?, at, &build)?;
        let imports: Vec<_> = module.imports.iter().map(|import| import.name.clone()).collect();
        ensure!(imports.contains(&memory_name(0, &build)), "the part {name} uses no memory");
        imported.extend(imports);
        emitted.push(module.emit_wasm());
    }
    let exports = module.exports.iter().filter_map(|export| match export.item {
        ExportItem::Function(id) => Some((export.name.clone(), parts[*plan.part_of.get(&plan.places[&id])?].name)),
        _ => None,
    });
    let exports = exports.collect();
    Ok(Cut { base: plan.base(module, &build, &imported)?.emit_wasm(), parts: emitted, exports })
}

fn parse(wasm: &[u8]) -> Result<Module> {
    ModuleConfig::new().generate_name_section(false).generate_producers_section(false).parse(wasm)
}

struct Plan {
    places: HashMap<FunctionId, Place>,
    /// Which part a function is in; the base has all others.
    part_of: HashMap<Place, usize>,
    /// The entries of each part, which it fills into the table one after the other.
    slots: Vec<Vec<Place>>,
    /// The size of the table before the slots.
    table: u64,
}

impl Plan {
    fn of(module: &Module, parts: &[Part]) -> Result<Self> {
        let places: HashMap<FunctionId, Place> = module.funcs.iter().enumerate().map(|(at, f)| (f.id(), at)).collect();
        let mut calls = Calls::new();
        for (id, function) in module.funcs.iter_local() {
            let mut named = Named(Vec::new());
            dfs_in_order(&mut named, function, function.entry_block());
            calls.insert(places[&id], named.0.iter().map(|id| places[id]).collect());
        }

        let mut entries: Vec<Vec<Place>> = Vec::new();
        for part in parts {
            entries.push(part.functions.iter().map(|name| by_name(module, name)).collect::<Result<_>>()?);
        }
        // What calls one of these does not come to what is behind it.
        let behind: Calls =
            entries.iter().flatten().filter_map(|entry| Some((*entry, calls.insert(*entry, Vec::new())?))).collect();
        let mut of_base: Vec<Place> = module.start.iter().map(|id| places[id]).collect();
        for element in module.elements.iter() {
            match &element.items {
                ElementItems::Functions(functions) => of_base.extend(functions.iter().map(|id| places[id])),
                ElementItems::Expressions(_, items) => of_base.extend(items.iter().filter_map(|item| match item {
                    ConstExpr::RefFunc(id) => Some(places[id]),
                    _ => None,
                })),
            }
        }
        for export in module.exports.iter() {
            let ExportItem::Function(id) = export.item else { continue };
            match parts.iter().position(|part| part.exports.iter().any(|name| export.name.starts_with(name))) {
                Some(part) => entries[part].push(places[&id]),
                None => of_base.push(places[&id]),
            }
        }
        let of_base = reached(of_base, &calls);
        ensure!(
            !of_base.iter().any(|at| behind.contains_key(at)),
            "the base calls a function of a part, which may not be there"
        );
        let mut owners: HashMap<Place, BTreeSet<usize>> = HashMap::new();
        for (part, entries) in entries.iter().enumerate() {
            let roots =
                entries.iter().flat_map(|entry| behind.get(entry).into_iter().flatten().chain([entry])).copied();
            for function in reached(roots.collect(), &calls) {
                let is_other = behind.contains_key(&function) && !entries.contains(&function);
                if calls.contains_key(&function) && !is_other {
                    owners.entry(function).or_default().insert(part);
                }
            }
        }
        owners.retain(|function, owners| {
            behind.contains_key(function) || !of_base.contains(function) && owners.len() == 1
        });
        let part_of: HashMap<Place, usize> =
            owners.into_iter().filter_map(|(function, owners)| Some((function, owners.into_iter().next()?))).collect();
        for entries in &mut entries {
            entries.retain(|entry| part_of.contains_key(entry));
            entries.sort_unstable();
            entries.dedup(); // two exports may be one function
        }
        let table = module.tables.get(main_table(module)?).initial;
        Ok(Self { places, part_of, slots: entries, table })
    }

    /// Names what is cut and how, for the name of the memory: a part of another build must not start.
    fn build(&self, wasm: &[u8]) -> String {
        let mut hash = Sha256::new_with_prefix(wasm);
        let mut part_of: Vec<_> = self.part_of.iter().collect();
        part_of.sort_unstable();
        hash.update(format!("{part_of:?} {:?}", self.slots));
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The module without what is not in this part.
    fn part(&self, mut module: Module, part: usize, build: &str) -> Result<Module> {
        for id in module.exports.iter().map(walrus::Export::id).collect::<Vec<_>>() {
            module.exports.delete(id);
        }
        for id in module.elements.iter().map(walrus::Element::id).collect::<Vec<_>>() {
            module.elements.delete(id);
        }
        for id in module.data.iter().map(walrus::Data::id).collect::<Vec<_>>() {
            module.data.delete(id);
        }
        for id in module.customs.iter().map(|(id, _)| id).collect::<Vec<_>>() {
            module.customs.delete(id);
        }
        module.start = None;

        let functions: Vec<FunctionId> = module.funcs.iter().map(walrus::Function::id).collect();
        for (at, &id) in functions.iter().enumerate() {
            let ty = module.funcs.get(id).ty();
            if let FunctionKind::Import(ImportedFunction { import, .. }) = module.funcs.get(id).kind {
                let import = module.imports.get_mut(import);
                (import.module, import.name) = (BASE.to_owned(), function_name(at));
            } else if self.part_of.get(&at) != Some(&part) {
                let import = module.imports.add(BASE, &function_name(at), id);
                module.funcs.get_mut(id).kind = FunctionKind::Import(ImportedFunction { import, ty });
            }
        }
        for (at, id) in module.memories.iter().map(walrus::Memory::id).collect::<Vec<_>>().into_iter().enumerate() {
            let import = module.imports.add(BASE, &memory_name(at, build), id);
            let memory = module.memories.get_mut(id);
            memory.import = Some(import);
            memory.data_segments.clear();
        }
        for (at, id) in module.tables.iter().map(walrus::Table::id).collect::<Vec<_>>().into_iter().enumerate() {
            let import = module.imports.add(BASE, &table_name(at), id);
            let table = module.tables.get_mut(id);
            table.import = Some(import);
            table.elem_segments.clear();
        }
        for (at, id) in module.globals.iter().map(walrus::Global::id).collect::<Vec<_>>().into_iter().enumerate() {
            let import = module.imports.add(BASE, &global_name(at), id);
            module.globals.get_mut(id).kind = GlobalKind::Import(import);
        }

        let table = main_table(&module)?;
        self.grow(&mut module, table);
        let offset = ConstExpr::Value(Value::I32(self.first_slot(part)?));
        let entries = self.slots[part].iter().map(|&entry| functions[entry]).collect();
        module.elements.add(ElementKind::Active { table, offset }, ElementItems::Functions(entries));
        walrus::passes::gc::run(&mut module);
        Ok(module)
    }

    /// The module without what is in a part, with what the parts use exported.
    fn base(&self, mut module: Module, build: &str, imported: &BTreeSet<String>) -> Result<Module> {
        let table = main_table(&module)?;
        let functions: Vec<FunctionId> = module.funcs.iter().map(walrus::Function::id).collect();
        for (part, entries) in self.slots.iter().enumerate() {
            for (slot, &entry) in (self.first_slot(part)?..).zip(entries) {
                call_through(&mut module, functions[entry], table, slot);
            }
        }
        self.grow(&mut module, table);

        let functions = module.funcs.iter().map(|f| ExportItem::Function(f.id()));
        let wanted: Vec<(String, ExportItem)> = (functions.enumerate().map(|(at, item)| (function_name(at), item)))
            .chain(
                module.memories.iter().enumerate().map(|(at, m)| (memory_name(at, build), ExportItem::Memory(m.id()))),
            )
            .chain(module.tables.iter().enumerate().map(|(at, t)| (table_name(at), ExportItem::Table(t.id()))))
            .chain(module.globals.iter().enumerate().map(|(at, g)| (global_name(at), ExportItem::Global(g.id()))))
            .filter(|(name, _)| imported.contains(name))
            .collect();
        ensure!(wanted.len() == imported.len(), "a part imports what the base does not have");
        for (name, item) in wanted {
            module.exports.add(&name, item);
        }
        walrus::passes::gc::run(&mut module);
        Ok(module)
    }

    /// Makes room for the slots.
    fn grow(&self, module: &mut Module, table: TableId) {
        let table = module.tables.get_mut(table);
        table.initial = self.table + self.slots.iter().map(|entries| entries.len() as u64).sum::<u64>();
        table.maximum = table.maximum.map(|_| table.initial);
    }

    fn first_slot(&self, part: usize) -> Result<i32> {
        let before: u64 = self.slots.iter().take(part).map(|entries| entries.len() as u64).sum();
        Ok(i32::try_from(self.table + before)?)
    }
}

/// Has a function call what is in a slot.
fn call_through(module: &mut Module, function: FunctionId, table: TableId, slot: i32) {
    let ty = module.funcs.get(function).ty();
    let (params, results) = module.types.params_results(ty);
    let (params, results): (Vec<ValType>, Vec<ValType>) = (params.to_vec(), results.to_vec());
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    let args: Vec<_> = params.iter().map(|ty| module.locals.add(*ty)).collect();
    let mut body = builder.func_body();
    for arg in &args {
        body.local_get(*arg);
    }
    body.i32_const(slot).call_indirect(ty, table);
    module.funcs.get_mut(function).kind = FunctionKind::Local(builder.local_func(args));
}

fn main_table(module: &Module) -> Result<TableId> {
    module.tables.main_function_table()?.context("the module has no table of functions")
}

/// The one function whose name ends like that. The compiler may have written types in angle brackets, and a hash behind all.
fn by_name(module: &Module, end: &str) -> Result<Place> {
    let ends = |name: &str| {
        let name = name.replace(['<', '>'], "");
        let is_hash = |hash: &str| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let name = name.rsplit_once("::h").filter(|(_, hash)| is_hash(hash)).map_or(name.as_str(), |(name, _)| name);
        name.ends_with(end)
    };
    let mut found = module.funcs.iter().enumerate().filter(|(_, f)| f.name.as_deref().is_some_and(ends));
    let (at, _) = found.next().with_context(|| format!("there is no function {end}: it was renamed or inlined"))?;
    ensure!(found.next().is_none(), "there are several functions {end}");
    Ok(at)
}

/// Which functions each names.
type Calls = HashMap<Place, Vec<Place>>;

/// All that `roots` come to.
fn reached(roots: Vec<Place>, calls: &Calls) -> HashSet<Place> {
    let mut seen = HashSet::new();
    let mut left = roots;
    while let Some(at) = left.pop() {
        if seen.insert(at) {
            left.extend(calls.get(&at).into_iter().flatten());
        }
    }
    seen
}

/// The functions that a function names: those it calls, and those it takes the address of.
struct Named(Vec<FunctionId>);

impl Visitor<'_> for Named {
    fn visit_function_id(&mut self, function: &FunctionId) {
        self.0.push(*function);
    }
}

fn function_name(at: Place) -> String {
    format!("f{at}")
}

fn memory_name(at: usize, build: &str) -> String {
    format!("m{at}-{build}")
}

fn table_name(at: usize) -> String {
    format!("t{at}")
}

fn global_name(at: usize) -> String {
    format!("g{at}")
}
