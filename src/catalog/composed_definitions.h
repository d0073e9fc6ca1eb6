// Definitions of servers whose SHOW CREATE does not print what can be run (OceanBase): put together
// from the server's other lists.
#pragma once

#include "catalog/read_context.h"

namespace dbomsbak {

// Definitions of the routines, triggers and events the databases have by name. Those that cannot be
// put together are among the unreadable, and no longer in the lists.
void ComposeProgramDefinitions(ReadContext& context);

// Sequences, from oceanbase.DBA_SEQUENCES.
void ReadListedSequences(ReadContext& context);

// Tables that belong to objects no dump can hold (materialized views and their logs) leave the
// lists, and those objects are among the unreadable.
void SetApartUnsupported(ReadContext& context);

// Text of one's own database is taken out of foreign keys and views, keys come oldest first: so the
// definition makes the same table in whatever database it is run.
std::string TableInOwnForm(ReadContext& context, const Table& table);
std::string OwnForm(const ReadContext& context, const ObjectId& id, std::string create);

// Of an ENUM or SET column whose members the server prints without escapes that they need.
void NoteRawMembers(const Answer& columns, std::size_t row, Column& column);

// A definition that the server gives in UTF-8, in the charset its client had. Characters that are
// not in it (they cannot have come from there) become '?'.
std::string InClientCharset(ReadContext& context, std::string text, std::string_view charset);

// "root@%" of "'root'@'%'", as other servers print it.
std::string PlainDefiner(std::string definer);

}  // namespace dbomsbak
