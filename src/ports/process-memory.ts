/** The memory of this process as its surroundings bound it. Adapter: the control groups of Linux. */
export interface ProcessMemory {
  /** Share of the memory that the process and those it shares a bound with may take which is in use, 0..1; 0 unbounded. */
  share(): Promise<number>
}
