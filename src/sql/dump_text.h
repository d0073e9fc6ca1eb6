// Statements of plain dumps brought into the form that servers print definitions in.
#pragma once

#include <string>
#include <string_view>

namespace dbomsbak {

// `/*!50003 CREATE*/ /*!50017 DEFINER=…*/ /*!50003 TRIGGER … */` without the version comments it is
// wrapped in, joined by single blanks. Version comments within the definition itself stay.
std::string WithoutWrapping(std::string_view statement);

// Names that ANSI_QUOTES put in double quotes in back-ticks; strings of NO_BACKSLASH_ESCAPES with
// backslashes doubled. So a session without these modes reads the same.
std::string InUsualQuotes(std::string_view text, bool ansi_quotes, bool backslash_escapes);

}  // namespace dbomsbak
