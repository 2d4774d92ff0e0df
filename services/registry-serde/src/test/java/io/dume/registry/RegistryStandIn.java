package io.dume.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The few calls of the registry's API, version 3, that its client makes. */
public final class RegistryStandIn implements AutoCloseable {
  private static final String API = "/apis/registry/v3";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<String> contents = new ArrayList<>();
  private final Map<Integer, JsonNode> references = new ConcurrentHashMap<>();
  private final Map<String, Integer> artifacts = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<String> authorizations = new CopyOnWriteArrayList<>();
  private volatile int refusal;
  private volatile boolean lookupsRefused;

  /** Opens it at any port. */
  public RegistryStandIn() {
    this(0);
  }

  RegistryStandIn(int port) {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext(API, this::handle);
    server.setExecutor(threads);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  /**
   * Where it is.
   *
   * @return the address of its API
   */
  public String url() {
    return "http://127.0.0.1:%d%s".formatted(port(), API);
  }

  /**
   * Every call so far.
   *
   * @return as in {@code GET /ids/contentIds/3}
   */
  public List<String> requests() {
    return requests;
  }

  /**
   * From now on each look-up is answered with an error, and what is registered is taken.
   *
   * @param refused whether they are
   */
  public void refuseLookups(boolean refused) {
    lookupsRefused = refused;
  }

  /** The credentials of each call that had some. */
  List<String> authorizations() {
    return authorizations;
  }

  /** From now on each call is answered with this status; 0 for as it should be. */
  void refuse(int status) {
    refusal = status;
  }

  /** Registers a text and returns its content id. */
  synchronized int add(String content) {
    if (!contents.contains(content)) {
      contents.add(content);
    }
    return contents.indexOf(content) + 1;
  }

  private synchronized String content(int id) {
    return id >= 1 && id <= contents.size() ? contents.get(id - 1) : "";
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath().substring(API.length());
      requests.add(exchange.getRequestMethod() + " " + path);
      Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"))
          .ifPresent(authorizations::add);
      JsonNode body = JSON.readTree(exchange.getRequestBody());
      String[] parts = path.split("/");
      if (refusal != 0) {
        problem(exchange, refusal);
      } else if (lookupsRefused && exchange.getRequestMethod().equals("GET")) {
        problem(exchange, 503);
      } else if (path.matches("/groups/[^/]+/artifacts")) {
        register(exchange, parts[2], body);
      } else if (path.matches("/ids/contentIds/-?\\d+") && !content(id(parts)).isEmpty()) {
        answer(exchange, 200, content(id(parts)));
      } else if (path.endsWith("/references")) {
        answer(exchange, 200, references(parts).toString());
      } else if (path.endsWith("/content")) {
        answer(exchange, 200, content(artifacts.get(parts[2] + "/" + parts[4])));
      } else {
        problem(exchange, 404);
      }
    }
  }

  private static int id(String[] parts) {
    return Integer.parseInt(parts[3]);
  }

  /** Of an id, or of the one version of an artifact. */
  private JsonNode references(String[] parts) {
    int id = parts[1].equals("ids") ? id(parts) : artifacts.get(parts[2] + "/" + parts[4]);
    return references.getOrDefault(id, JSON.createArrayNode());
  }

  private void register(HttpExchange exchange, String group, JsonNode body) throws IOException {
    int id = add(body.at("/firstVersion/content/content").asText());
    references.put(id, body.at("/firstVersion/content").withArray("references"));
    artifacts.put(group + "/" + body.path("artifactId").asText(), id);
    ObjectNode version = JSON.createObjectNode();
    version.put("version", "1").put("globalId", 1000 + id).put("contentId", id);
    version.put("groupId", group).put("artifactId", body.path("artifactId").asText());
    ObjectNode answer = JSON.createObjectNode();
    answer.set("version", version);
    answer(exchange, 200, answer.toString());
  }

  private static void problem(HttpExchange exchange, int status) throws IOException {
    answer(exchange, status, "{\"title\": \"no\", \"status\": %d}".formatted(status));
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
