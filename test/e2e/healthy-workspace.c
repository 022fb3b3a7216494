/* Stands in for a workspace image: answers every HTTP request on the agent's port with 200, and ends on SIGTERM.
   With an argument it burns a core for two minutes instead. */
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void stop(int signal) { _exit(signal == SIGTERM ? 0 : 1); }

int main(int arguments, char **argument) {
  if (arguments > 1) {
    alarm(120);
    for (volatile long spins = 0; argument; spins++) { /* busy */ }
  }
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(26337)};
  static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  char request[4096];
  int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  signal(SIGTERM, stop);
  signal(SIGPIPE, SIG_IGN);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0) return 1;
  for (;;) {
    int peer = accept(listener, NULL, NULL);
    if (peer < 0) continue;
    if (read(peer, request, sizeof request) > 0 && write(peer, answer, sizeof answer - 1) < 0) { /* it has left */ }
    close(peer);
  }
}
