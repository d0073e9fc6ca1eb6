// A dump's definitions in words that all kinds of servers read (dump --ddl portable).
#pragma once

#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/engine/observer.h"

namespace dbomsbak {

// Rewrites them in place. What neither MySQL nor MariaDB can hold leaves the catalogue and is
// returned. All that is left out, and what some kinds alone can hold, is told. (Types, functions
// and collations stay as they are: whether a server has them is for that server to say.) `placed`:
// this one tells with each table where it is stored, see PortableTableOf().
//
// OceanBase has a mode of its own for this, _show_ddl_in_compat_mode. It is not used: seen on
// 4.3.5, it leaves out GLOBAL keys, UNIQUE ones too, DEFAULT partitions and subpartitions by range,
// all without a word, and leaves SKIP_INDEX in.
std::vector<Unreadable> MakePortable(Catalog& catalog, bool placed, Observer& observer);

// Ends the dump with their names. Error kUnsupported.
[[noreturn]] void ThrowNotPortable(const std::vector<Unreadable>& unheld);

}  // namespace dbomsbak
