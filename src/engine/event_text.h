// What the window must know of the text of an event, as SHOW CREATE EVENT prints it.
#pragma once

#include <string>
#include <string_view>

namespace dbomsbak {

// The text without its ENABLE, DISABLE or DISABLE ON SLAVE: what two events are compared by while
// all of them are disabled. Text that names no state comes back as it is.
std::string WithoutEventState(std::string_view create_event);

// Does it run at one time, or until one, so that it can be over? The server drops such an event by
// itself, or does not even create it when its time is past.
bool MayBeOver(std::string_view create_event);

// Is the day of its only or last time, as the event's own time zone has it, `today` ("2026-11-26")
// or before?
bool IsOverBy(std::string_view create_event, std::string_view today);

// "DEFINER=`bob`@`%` " for ALTER EVENT, from a definer as information_schema writes it (bob@%).
// Empty for an empty definer.
std::string DefinerClause(std::string_view definer);

}  // namespace dbomsbak
