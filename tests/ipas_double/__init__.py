"""A test double of IPAS's SOAP service, of our own: WSDL, state, faults on demand, and a command that starts it."""
