//! The encoder of plain values for the way to the agent.
