//! The rows of the fleet: groups by where names came from, and in them trees, since a target stands under the one through
//! which it is reached.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::engine::target::{Origin, TargetId};
use crate::model::fleet::{Entry, Fleet};

/// The deepest that a target may stand; one that is deeper, or reached through itself, begins a tree of its own.
const DEEPEST: usize = 32;

/// What a row stands for: it stays itself while rows move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spot {
    Group(Origin),
    Target(TargetId),
}

/// What is under a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branch {
    /// Nothing.
    Leaf,
    /// It can be seen.
    Open,
    /// So many targets, in no row.
    Closed(usize),
}

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    pub spot: Spot,
    /// For each step down the tree: whether more rows follow under the same parent.
    pub steps: Vec<bool>,
    pub branch: Branch,
    /// The filter is passed only by something under it.
    pub faint: bool,
}

/// Which branches are closed.
#[derive(Debug, Default)]
pub(super) struct Closed {
    pub groups: BTreeSet<Origin>,
    /// While a filter is in force, all of these are open: it finds what is in them.
    pub targets: BTreeSet<TargetId>,
}

/// The rows in view, and how many targets the filter hides.
pub(super) struct Rows {
    pub list: Vec<Row>,
    pub hidden: usize,
    groups: BTreeMap<Origin, Group>,
}

/// All targets of a group, those in closed branches too.
struct Group {
    count: usize,
    passing: Vec<TargetId>,
}

impl Rows {
    /// The rows of this fleet; groups are shown where there is more than one. No filter: everything passes.
    pub fn new(fleet: &Fleet, closed: &Closed, filter: Option<&dyn Fn(&Entry) -> bool>) -> Self {
        let forest = Forest::new(fleet, filter);
        let shown: Vec<_> = forest.groups().collect();
        let headed = shown.len() > 1;
        let mut list = Vec::with_capacity(fleet.len() + shown.len());
        let mut groups = BTreeMap::new();
        for (origin, roots) in shown {
            let is_closed = headed && closed.groups.contains(origin);
            let all = forest.with_all_below(roots);
            if headed {
                let branch = if is_closed { Branch::Closed(all.len()) } else { Branch::Open };
                let spot = Spot::Group(origin.clone());
                list.push(Row { spot, steps: Vec::new(), branch, faint: false });
            }
            if !is_closed {
                let shown = roots.iter().filter(|root| forest.shows(**root));
                shown.for_each(|root| forest.push(*root, Vec::new(), closed, &mut list));
            }
            let passing = all.iter().copied().filter(|id| forest.passes(*id)).collect();
            groups.insert(origin.clone(), Group { count: all.len(), passing });
        }
        Self { list, hidden: forest.hidden(fleet), groups }
    }

    /// The targets in view that pass the filter.
    pub fn targets(&self) -> Vec<TargetId> {
        let target = |row: &Row| match row.spot {
            Spot::Target(id) if !row.faint => Some(id),
            _ => None,
        };
        self.list.iter().filter_map(target).collect()
    }

    /// The targets of a group that pass the filter.
    pub fn members(&self, origin: &Origin) -> &[TargetId] {
        self.groups.get(origin).map_or(&[], |group| &group.passing)
    }

    /// How many targets are in a group.
    pub fn count(&self, origin: &Origin) -> usize {
        self.groups.get(origin).map_or(0, |group| group.count)
    }

    /// The row that the row `at` stands under, if it is in view.
    pub fn parent(&self, at: usize) -> Option<usize> {
        let depth = |row: &Row| if matches!(row.spot, Spot::Group(_)) { 0 } else { row.steps.len() + 1 };
        let own = depth(self.list.get(at)?);
        self.list[..at].iter().rposition(|row| depth(row) < own)
    }
}

/// Who stands under whom.
struct Forest {
    roots: BTreeMap<Origin, Vec<TargetId>>,
    children: HashMap<TargetId, Vec<TargetId>>,
    filtered: Option<Filtered>,
}

/// What a filter leaves.
struct Filtered {
    passing: HashSet<TargetId>,
    /// These, and all that they stand under.
    shown: HashSet<TargetId>,
}

impl Forest {
    fn new(fleet: &Fleet, filter: Option<&dyn Fn(&Entry) -> bool>) -> Self {
        let (mut tops, mut children) = (Vec::new(), HashMap::<_, Vec<_>>::new());
        for entry in fleet.iter() {
            match parent(fleet, entry) {
                Some(parent) => children.entry(parent.target.id).or_default().push(entry.target.id),
                None => tops.push(entry.target.id),
            }
        }
        let mut roots = BTreeMap::<_, Vec<_>>::new();
        for top in tops {
            roots.entry(group(fleet, &children, top)).or_default().push(top);
        }
        Self { roots, children, filtered: filter.map(|passes| Filtered::new(fleet, passes)) }
    }

    /// The groups of which something is shown.
    fn groups(&self) -> impl Iterator<Item = (&Origin, &[TargetId])> {
        let groups = self.roots.iter().filter(|(_, roots)| roots.iter().any(|root| self.shows(*root)));
        groups.map(|(origin, roots)| (origin, roots.as_slice()))
    }

    fn children(&self, id: TargetId) -> &[TargetId] {
        self.children.get(&id).map_or(&[], Vec::as_slice)
    }

    fn with_all_below(&self, ids: &[TargetId]) -> Vec<TargetId> {
        let mut all = ids.to_vec();
        let mut next = 0;
        while let Some(id) = all.get(next) {
            all.extend_from_slice(self.children(*id));
            next += 1;
        }
        all
    }

    fn passes(&self, id: TargetId) -> bool {
        self.filtered.as_ref().is_none_or(|filtered| filtered.passing.contains(&id))
    }

    fn shows(&self, id: TargetId) -> bool {
        self.filtered.as_ref().is_none_or(|filtered| filtered.shown.contains(&id))
    }

    fn hidden(&self, fleet: &Fleet) -> usize {
        self.filtered.as_ref().map_or(0, |filtered| fleet.len() - filtered.shown.len())
    }

    /// The rows of this one, and of what is under it.
    fn push(&self, id: TargetId, steps: Vec<bool>, closed: &Closed, rows: &mut Vec<Row>) {
        let under: Vec<_> = self.children(id).iter().copied().filter(|id| self.shows(*id)).collect();
        let is_closed = self.filtered.is_none() && closed.targets.contains(&id);
        let branch = match under.len() {
            0 => Branch::Leaf,
            _ if is_closed => Branch::Closed(self.with_all_below(&under).len()),
            _ => Branch::Open,
        };
        let (spot, faint) = (Spot::Target(id), !self.passes(id));
        rows.push(Row { spot, steps: steps.clone(), branch, faint });
        if branch == Branch::Open {
            for (at, child) in under.iter().enumerate() {
                let steps = steps.iter().copied().chain([at + 1 < under.len()]).collect();
                self.push(*child, steps, closed, rows);
            }
        }
    }
}

impl Filtered {
    fn new(fleet: &Fleet, passes: &dyn Fn(&Entry) -> bool) -> Self {
        let passing: HashSet<_> =
            fleet.iter().filter(|entry| passes(entry)).map(|entry| entry.target.id).collect();
        let mut shown = HashSet::with_capacity(passing.len());
        for id in &passing {
            let mut next = fleet.get(*id);
            while let Some(entry) = next.filter(|entry| shown.insert(entry.target.id)) {
                next = parent(fleet, entry);
            }
        }
        Self { passing, shown }
    }
}

/// The group that a tree stands in: that of its root; where that is only on the way, the first of those beyond it.
fn group(fleet: &Fleet, children: &HashMap<TargetId, Vec<TargetId>>, id: TargetId) -> Origin {
    let own = fleet.get(id).map_or(Origin::Hop, |entry| entry.target.origin.clone());
    if own != Origin::Hop {
        return own;
    }
    let beyond = children.get(&id).into_iter().flatten().map(|child| group(fleet, children, *child));
    beyond.filter(|origin| *origin != Origin::Hop).min().unwrap_or(own)
}

/// The target under which this one stands.
fn parent<'a>(fleet: &'a Fleet, entry: &Entry) -> Option<&'a Entry> {
    let above = |entry: &Entry| entry.target.through.and_then(|id| fleet.get(id));
    let parent = above(entry)?;
    let mut next = Some(parent);
    for _ in 0..DEEPEST {
        match next {
            Some(entry) => next = above(entry),
            None => return Some(parent),
        }
    }
    None
}

/// What a target is called where it stands: under another one, only its last hop.
pub(super) fn label<'a>(fleet: &Fleet, entry: &'a Entry) -> &'a str {
    let name = &entry.target.name;
    let hop = parent(fleet, entry).and_then(|parent| name.strip_prefix(&parent.target.name));
    let hop = hop.and_then(|rest| rest.strip_prefix(['/', '?']));
    hop.filter(|hop| !hop.is_empty()).unwrap_or(name)
}

#[cfg(test)]
#[path = "tree_test.rs"]
mod tests;
