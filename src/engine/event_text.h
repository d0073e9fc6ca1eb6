// What the window must know of the text of an event, as SHOW CREATE EVENT prints it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dbomsbak {

// The text without its ENABLE, DISABLE or DISABLE ON SLAVE: what two events are compared by while
// all of them are disabled. Text that names no state comes back as it is.
std::string WithoutEventState(std::string_view create_event);

// Does it run at one time, or until one, so that it can be over? The server drops such an event by
// itself, or does not even create it when its time is past.
bool MayBeOver(std::string_view create_event);

// When an event is over.
struct EventSchedule {
  std::string last;      // "2026-11-26 23:59:59", in the event's own time zone: AT or ENDS
  std::string interval;  // SQL, as what follows INTERVAL: "'1' DAY"; empty: it runs once
};

// Nothing for an event without an end, or with one that cannot be read. What is returned comes from
// the text, quoted where it is not known.
std::optional<EventSchedule> ScheduleOf(std::string_view create_event);

// Where a server's clock stands to the end of an event. kNear: its last run may be over, or the
// clock cannot be compared.
enum class EventEnd { kToCome, kNear, kPast };

// "DEFINER=`bob`@`%` " for ALTER EVENT, from a definer as information_schema writes it (bob@%).
// Empty for an empty definer.
std::string DefinerClause(std::string_view definer);

}  // namespace dbomsbak
