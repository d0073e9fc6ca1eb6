// Definitions of servers whose SHOW CREATE prints text that cannot be run elsewhere, or at all.
// Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dbomsbak/base/object_id.h"

namespace dbomsbak {

// `create` without the qualifier `database` wherever it names it: foreign keys and views then
// belong to the database they are created in. A view that names a table of the same name in another
// database keeps all qualifiers, for without them a column could be either's.
std::string WithoutOwnDatabase(ObjectKind kind, std::string_view create, std::string_view database);

// Foreign keys in reverse order. OceanBase prints the newest first, so that each reload of its text
// would turn them round.
std::string WithForeignKeysReversed(std::string_view create_table);

// A server's text in which the created object's name stands between back-ticks as it is, whatever
// it holds: `keyword` is VIEW, PROCEDURE or FUNCTION.
std::string WithNameQuoted(std::string_view create, std::string_view keyword,
                           std::string_view name);

// "enum('a''b','c')" of the text in which members stand between quotes as they are: 'a'b','c'.
std::string MemberListQuoted(std::string_view raw_column_type);

struct MemberColumn {
  std::string name, raw_column_type;
  std::string raw_default;  // empty: none, or one that needs no care
};
// The same for an ENUM or SET column within a table. Empty when the text is not built as expected.
std::string WithMembersQuoted(std::string_view create_table, const MemberColumn& column);

// OceanBase does not print that an ENUM or SET column is of bytes. The same table with CHARACTER
// SET binary in that column's definition, unless a charset stands there or all of the table is
// binary.
std::string WithBinaryMembers(std::string_view create_table, std::string_view column);

// Can the partition clause be read back? OceanBase prints names and values in it unescaped.
bool PartitionsReadBack(std::string_view create_table);

struct RoutineFacts {
  std::string comment;         // as it is, not quoted
  std::string body;            // ROUTINE_DEFINITION
  std::string returns;         // DTD_IDENTIFIER; empty for procedures
  std::string return_charset;  // empty where RETURNS needs none
};
// SHOW CREATE's text with its comment quoted as a string must be and the charset of the returned
// value in it; empty when the text is not built as expected.
std::string RoutineCreate(std::string_view shown, const RoutineFacts& facts);

// `statement` begins at the word TRIGGER. A clause FOLLOWS or PRECEDES is left out: triggers are
// created in their order. Empty when the text is not built as expected.
std::string TriggerCreate(std::string_view definer, std::string_view statement);

struct EventFacts {
  std::string name, definer, body;
  std::string execute_at;  // empty: recurring
  std::string interval_value, interval_field, starts, ends;
  std::string on_completion;  // PRESERVE, NOT PRESERVE
  std::string status;         // ENABLED, DISABLED, SLAVESIDE_DISABLED
  std::string comment;
};
std::string EventCreate(const EventFacts& facts);

struct SequenceFacts {
  std::string name, next, increment, min_value, max_value, cache;
  bool cycle = false, order = false;
};
// Begins at its next value: such a sequence has no start of its own once it was restarted.
std::string SequenceCreate(const SequenceFacts& facts);

// `root`@`%` of "root@%" or "'root'@'%'".
std::string QuotedDefiner(std::string_view definer);

}  // namespace dbomsbak
