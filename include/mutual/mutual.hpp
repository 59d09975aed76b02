#pragma once
// All that a service needs; <mutual/test_client.hpp> is for its tests.

#include <mutual/app.hpp>
#include <mutual/body_stream.hpp>
#include <mutual/body_writer.hpp>
#include <mutual/compression.hpp>
#include <mutual/events.hpp>
#include <mutual/file_response.hpp>
#include <mutual/form.hpp>
#include <mutual/json.hpp>
#include <mutual/middleware.hpp>
#include <mutual/multipart.hpp>
#include <mutual/offload.hpp>
#include <mutual/peer.hpp>
#include <mutual/policy.hpp>
#include <mutual/problem.hpp>
#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/result.hpp>
#include <mutual/revocation_list.hpp>
#include <mutual/task.hpp>
#include <mutual/tls.hpp>
#include <mutual/uuid.hpp>
#include <mutual/websocket.hpp>
