// The files of one restore, read as one input.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dbomsbak/base/file.h"
#include "engine/restore_input.h"

namespace dbomsbak {

// Opens all `files`, at least one; `refuse` is shown what their heads tell and throws for what may
// not be restored. `into`: the database of a plain dump that names none; may be empty. Where
// several files have something against them, the error tells all of it, under the worst code; it
// comes from Read().
std::unique_ptr<RestoreInput> OpenInputs(
    const std::vector<std::shared_ptr<const RandomAccessFile>>& files, const std::string& into,
    const std::function<void(const ContentSource&)>& refuse);

// What several files hold, as one content, whatever their order. Error kUsage where two of them
// hold the same database.
RestoreContent Together(std::vector<RestoreContent> contents);

}  // namespace dbomsbak
