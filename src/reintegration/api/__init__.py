"""The edge: GraphQL over HTTP and WebSocket. It translates; what is decided, is decided below."""
