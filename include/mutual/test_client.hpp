#pragma once
// test_client: calls an app without a network, for its tests.

#include <mutual/app.hpp>

#include <boost/json/value.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mutual {

/// What an app answered to a test.
class test_response {
 public:
  int status = 0;
  fields headers;
  std::string body;      ///< Read to its end, also where it comes in pieces. Empty for HEAD.
  bool cut_off = false;  ///< The body's source threw before its end, or gave another length than it had promised.
  handling notes;        ///< What the access log would say.

  std::optional<std::string_view> header(std::string_view name) const { return headers.get(name); }

  /// The body as JSON; throws std::runtime_error that shows the body if it is none.
  boost::json::value json() const;
};

/// Calls an app's handlers in this thread: the same routes, policies, limits and middleware, without TLS and without
/// a network. What the server would refuse to read (a target with a space) or to send (a field with a line's end) is
/// answered as the server would. "Host: localhost" is sent where a request has no Host of its own. Blocking handlers
/// run on the app's workers, coroutines to their end. The app must outlive it, and is frozen by it. Not thread-safe;
/// several clients of one app may be used by several threads.
///
///     mutual::test_client client(app);
///     EXPECT_EQ(client.as(alice).get("/").body, "Hello, alice\n");
class test_client {
 public:
  explicit test_client(app& service);
  ~test_client();
  test_client(const test_client&) = delete;
  test_client& operator=(const test_client&) = delete;

  /// From now on the client has proved to be that peer; `as_stranger` takes that back.
  test_client& as(const peer& who);
  test_client& as_stranger();

  test_response get(std::string_view target, const fields& headers = {});
  test_response head(std::string_view target, const fields& headers = {});
  test_response del(std::string_view target, const fields& headers = {});
  test_response options(std::string_view target, const fields& headers = {});
  test_response post(std::string_view target, std::string body = {}, std::string_view type = "application/json");
  test_response put(std::string_view target, std::string body = {}, std::string_view type = "application/json");
  test_response patch(std::string_view target, std::string body = {}, std::string_view type = "application/json");

  /// Any request; the connection is this client's if it has none. Framing is the client's: a Content-Length of the
  /// request's own is not sent.
  test_response send(request outgoing);

 private:
  struct loop;
  app& app_;
  std::unique_ptr<loop> loop_;
  std::shared_ptr<const connection_info> connection_;
};

}  // namespace mutual
