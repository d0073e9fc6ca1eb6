// What a restore reads: an archive, a plain dump, or several of them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"
#include "engine/restore_content.h"
#include "engine/row_loader.h"

namespace dbomsbak {

// One thread. Read() comes first, and before the server is asked anything but for open windows.
class RestoreInput {
 public:
  virtual ~RestoreInput() = default;
  virtual const std::string& name() const = 0;

  // What its first and last bytes tell; nullopt when only all of it tells something.
  virtual std::optional<ContentSource> Head() const = 0;

  // Everything that is to be known of what is chosen of it; bounds `jobs` by the memory they would
  // take.
  virtual RestoreContent Read(const ContentChoice& choice, unsigned& jobs,
                              std::size_t max_memory_bytes, Observer& observer,
                              const CancelToken& cancel) = 0;

  struct Load {
    SessionFactory& sessions;
    const ServerTraits& traits;
    const RestoreContent& content;
    const ContentSource& source;             // of content.sources, this input
    const std::vector<LoadTarget>& targets;  // one for each of content.tables
    const std::vector<bool>& done;           // one for each of content.units
    std::string load_table;                  // where units are noted, quoted
    unsigned jobs = 1;
    Observer& observer;
    const CancelToken& cancel;
    RowProof* proof = nullptr;  // proves tables meanwhile, where the input tells when one is whole
  };
  // The rows into staging. Returns the server's first warning of each table, by its place in
  // content.tables.
  virtual std::map<std::uint32_t, std::string> LoadRows(const Load& load) = 0;
};

// Nothing for a plain dump. An archive's footer, index and header are proved here. Error kUsage for
// an archive with `into`, which is for plain dumps that name no database.
std::optional<ArchiveReader> OpenUnlessPlain(const std::shared_ptr<const RandomAccessFile>& file,
                                             const std::string& into);

// `into`: the database of a plain dump that names none; may be empty. Errors: as OpenUnlessPlain,
// but that an archive passes `into` over where it is told `into_if_unnamed`.
std::unique_ptr<RestoreInput> OpenInput(const std::shared_ptr<const RandomAccessFile>& file,
                                        const std::string& into, bool into_if_unnamed);

}  // namespace dbomsbak
