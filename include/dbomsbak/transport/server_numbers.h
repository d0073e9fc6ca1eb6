// Error numbers of the server that several parts of the program act on (MySQL and MariaDB manuals,
// "Server Error Message Reference"; OceanBase uses the same).
#pragma once

namespace dbomsbak {

inline constexpr unsigned kFolderStays = 1010;  // DROP DATABASE: files of nobody are in its folder
inline constexpr unsigned kUnknownDatabase = 1049;
inline constexpr unsigned kUnknownColumn = 1054;
inline constexpr unsigned kDuplicateKeyName = 1061;
inline constexpr unsigned kNoSuchTable = 1146;
inline constexpr unsigned kLockWaitTimeout = 1205;
inline constexpr unsigned kDeadlock = 1213;
inline constexpr unsigned kTableDefinitionChanged = 1412;
inline constexpr unsigned kSnapshotDiscarded = 4138;  // OceanBase: too old, or changed since
inline constexpr unsigned kSchemaTryAgain = 5627;     // OceanBase: it has not heard of a DDL yet
inline constexpr unsigned kNeedsRollback = 6002;  // OceanBase: the statement's transaction is lost
// OceanBase, "invalid timestamp": a moment before the table's last RENAME, or of the future.
inline constexpr unsigned kSnapshotBeforeRename = 4344;

// "A foreign key refers to this table": to drop it and to empty it, by server.
inline constexpr bool IsReferenced(unsigned number) {
  return number == 1217 || number == 1451 || number == 1701 || number == 3730;
}

}  // namespace dbomsbak
