#include "cli/usage.hpp"

#include "base/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace mutual::cli {
namespace {

// A command and how it is called: "mutual issue client".
struct place {
  const CLI::App* command;
  std::string name;
};

// The command that was being read last; or the first that could not do with all of its words.
place place_of(const CLI::App& program, bool with_words_left) {
  place found{&program, program.get_name()};
  for (auto below = program.get_subcommands(); !below.empty(); below = found.command->get_subcommands()) {
    if (with_words_left && !found.command->remaining().empty()) break;
    found.command = below.front();
    found.name += " " + found.command->get_name();
  }
  return found;
}

std::string commands_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* each : command.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(each->get_name());
  return fmt::format("{}", fmt::join(names, ", "));
}

bool has_commands(const CLI::App& command) {
  return !command.get_subcommands([](const CLI::App*) { return true; }).empty();
}

// Whether a command somewhere below knows this option; gives the command that does.
std::string knows(const CLI::App& command, const std::string& option, const std::string& path) {
  for (const auto* each : command.get_subcommands([](const CLI::App*) { return true; })) {
    const auto name = path + " " + each->get_name();
    if (each->get_option_no_throw(option) != nullptr) return name;
    if (auto deeper = knows(*each, option, name); !deeper.empty()) return deeper;
  }
  return {};
}

std::string about_extra(const place& at, const place& deepest, const std::string& extra) {
  const auto shown = text::quoted(extra);
  const auto option = extra.substr(0, extra.find('='));
  if (extra.starts_with("-")) {
    if (deepest.command != at.command && deepest.command->get_option_no_throw(option) != nullptr) {
      return fmt::format("{} goes behind the command: {} {}", shown, deepest.name, text::printable(option));
    }
    if (const auto other = knows(*at.command, option, at.name); !other.empty()) {
      return fmt::format("{} goes behind a command, as in {} {}", shown, other, text::printable(option));
    }
    return fmt::format("there is no option {}", shown);
  }
  if (has_commands(*at.command)) {
    return fmt::format("there is no command {}; the commands are {}", shown, commands_of(*at.command));
  }
  return fmt::format("{} is one word too many", shown);
}

std::string about_extras(const place& at, const place& deepest) {
  const auto extras = at.command->remaining();
  // "--pki DIR list" leaves DIR over as well; what is wrong is the option.
  const auto option = std::find_if(extras.begin(), extras.end(), [](const auto& one) { return one.starts_with("-"); });
  return about_extra(at, deepest, option != extras.end() ? *option : extras.front());
}

// CLI11's messages begin with the name of what they are about.
std::string name_in(std::string_view message) { return std::string(message.substr(0, message.find_first_of(": "))); }

std::string times(std::size_t count) { return count == 2 ? "twice" : fmt::format("{} times", count); }

std::string about_values(const place& at, std::string name) {
  // Of a flag, CLI11 tells the name without its hyphens.
  if (!name.starts_with("-") && at.command->get_option_no_throw("--" + name) != nullptr) name.insert(0, "--");
  const auto* option = at.command->get_option_no_throw(name);
  if (option == nullptr) return name + " has the wrong number of values";
  if (option->get_items_expected_max() == 0) return name + " takes no value";
  if (option->count() > 1) return fmt::format("{} was given {}", name, times(option->count()));
  return fmt::format("{} needs a value ({})", name, option->get_type_name());
}

std::string about(const place& at, const CLI::ParseError& said) {
  const std::string_view message = said.what();
  const auto words = [&](std::string_view separator) {
    const auto middle = message.find(separator);
    return std::pair(std::string(message.substr(0, middle)), std::string(message.substr(middle + separator.size())));
  };
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&said) != nullptr) return about_values(at, name_in(message));
  if (dynamic_cast<const CLI::RequiredError*>(&said) != nullptr) {
    if (has_commands(*at.command)) return fmt::format("a command is missing: one of {}", commands_of(*at.command));
    return name_in(message) + " is missing";
  }
  if (dynamic_cast<const CLI::RequiresError*>(&said) != nullptr) {
    const auto [one, other] = words(" requires ");
    return fmt::format("{} needs {} as well", one, other);
  }
  if (dynamic_cast<const CLI::ExcludesError*>(&said) != nullptr) {
    const auto [one, other] = words(" excludes ");
    return fmt::format("{} and {} contradict each other: leave one of them out", one, other);
  }
  return text::printable(message, 1024);
}

CLI::Validator not_empty() {
  return CLI::Validator([](const std::string& value) { return value.empty() ? "it is empty" : ""; }, "", "not_empty");
}

}  // namespace

std::string usage_failure(const CLI::App& program, const CLI::ParseError& said) {
  const auto deepest = place_of(program, false);
  const auto left_over = place_of(program, true);
  if (!left_over.command->remaining().empty()) {
    return fmt::format("{}: {}; see {} --help", left_over.name, about_extras(left_over, deepest), left_over.name);
  }
  return fmt::format("{}: {}; see {} --help", deepest.name, about(deepest, said), deepest.name);
}

void be_strict(CLI::App& program) {
  for (auto* option : program.get_options()) {
    if (option->get_items_expected_max() == 0) {
      option->disable_flag_override();
    } else {
      option->check(not_empty());
    }
  }
  for (auto* command : program.get_subcommands([](CLI::App*) { return true; })) be_strict(*command);
}

CLI::Validator one_of(std::vector<std::string> words) {
  const auto check = [words = std::move(words)](const std::string& value) -> std::string {
    if (std::find(words.begin(), words.end(), value) != words.end()) return {};
    return fmt::format("{} is none of {}", text::quoted(value), fmt::join(words, ", "));
  };
  return {check, "", "one_of"};
}

CLI::Validator whole_number(unsigned long long least, unsigned long long most) {
  const auto check = [least, most](const std::string& value) -> std::string {
    const auto number = text::to_number(value);
    if (number && *number >= least && *number <= most) return {};
    return fmt::format("{} is no whole number from {} to {}", text::quoted(value), least, most);
  };
  return {check, "", "whole_number"};
}

}  // namespace mutual::cli
